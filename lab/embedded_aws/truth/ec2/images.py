# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Machine images: Amazon's behind the public parameters, the account's own, and `resolve:ssm:` in a launch.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/create-launch-template.html#use-an-ssm-parameter-instead-of-an-ami-id
"""

from __future__ import annotations

import dataclasses
import datetime
import re
import typing as t

from lab.embedded_aws.truth import public_images
from lab.embedded_aws.truth.ec2.base import Backend, Response, action, refuse, tag_list
from lab.embedded_aws.truth.ec2.reading import accepts, dig, paged, read_filters

ID = re.compile(r"ami-[0-9a-f]{8}(?:[0-9a-f]{9})?")
RESOLVE = "resolve:ssm:"
FILTERS = {
    "image-id": "ImageId", "name": "Name", "architecture": "Architecture", "owner-id": "OwnerId",
    "owner-alias": "ImageOwnerAlias", "state": "State", "is-public": "Public", "root-device-type": "RootDeviceType",
    "root-device-name": "RootDeviceName", "virtualization-type": "VirtualizationType", "hypervisor": "Hypervisor",
    "image-type": "ImageType", "description": "Description", "ena-support": "EnaSupport", "platform": "Platform",
    "creation-date": "CreationDate", "block-device-mapping.snapshot-id": "BlockDeviceMappings[].Ebs.SnapshotId",
    "block-device-mapping.volume-type": "BlockDeviceMappings[].Ebs.VolumeType",
    "block-device-mapping.device-name": "BlockDeviceMappings[].DeviceName",
}  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Image:
    """What a launch must know of an image."""

    id: str
    architecture: str
    root_device: str
    root_gib: int
    snapshot: str


def find(backend: Backend, identifier: str) -> Image:
    """The image with this id; refuses with AWS's malformed or not-found error."""
    seen = _public(backend, identifier) or _own(backend, identifier)
    if seen is None:
        _refuse_missing([identifier])
    if seen["State"] != "available":
        refuse("InvalidAMIID.Unavailable", f"The image ID '[{identifier}]' is not in a state to launch from")
    root = next((one for one in seen["BlockDeviceMappings"] if one["DeviceName"] == seen["RootDeviceName"]), None)
    ebs = (root or {}).get("Ebs") or {}
    return Image(
        identifier, seen["Architecture"], seen["RootDeviceName"], int(ebs.get("VolumeSize") or 8),
        str(ebs.get("SnapshotId") or ""),
    )  # fmt: skip


def resolve(backend: Backend, text: str) -> str:
    """The image id that an image id or `resolve:ssm:<parameter>[:<version or label>]` stands for."""
    if not text.startswith(RESOLVE):
        return text
    from moto.ssm.models import ssm_backends

    from lab.embedded_aws import truth

    truth.apply("ssm")
    name = text.removeprefix(RESOLVE)
    parameter = ssm_backends[backend.account_id][backend.region_name].get_parameter(name)
    if parameter is None:
        refuse("InvalidParameterValue", f"Invalid SSM parameter: the parameter {name} does not exist.")
    return str(parameter.value)


def _refuse_missing(ids: list[str]) -> t.NoReturn:
    malformed = next((one for one in ids if not ID.fullmatch(one)), None)
    if malformed is not None:
        refuse("InvalidAMIID.Malformed", f'Invalid id: "{malformed}" (expecting "ami-...")')
    ending = "does not exist" if len(ids) == 1 else "do not exist"
    refuse("InvalidAMIID.NotFound", f"The image id '[{', '.join(ids)}]' {ending}")


def _public(backend: Backend, identifier: str) -> dict[str, t.Any] | None:
    image = public_images.find(backend.region_name, identifier)
    return public_view(image) if image else None


def _own(backend: Backend, identifier: str) -> dict[str, t.Any] | None:
    """An image of the account, or of those moto knows; moto loads its many only when one is asked for."""
    ours = backend.__dict__["images"].get(identifier)
    image = ours or (backend.amis.get(identifier) if ID.fullmatch(identifier) else None)
    return own_view(image) if image else None


def public_view(image: public_images.PublicImage) -> dict[str, t.Any]:
    created = datetime.datetime.combine(image.created, datetime.time(), datetime.UTC)
    return {
        "ImageId": image.id, "Name": image.name, "ImageLocation": f"amazon/{image.name}", "OwnerId": image.owner,
        "ImageOwnerAlias": "amazon", "Public": True, "State": "available", "ImageType": "machine",
        "Architecture": image.architecture, "Description": f"Amazon Linux {image.generation} {image.version}",
        "PlatformDetails": "Linux/UNIX", "UsageOperation": "RunInstances", "RootDeviceType": "ebs",
        "RootDeviceName": "/dev/xvda", "VirtualizationType": "hvm", "Hypervisor": "xen", "EnaSupport": True,
        "SriovNetSupport": "simple", "CreationDate": _time(created), "BootMode": "uefi-preferred",
        "DeprecationTime": _time(created + public_images.UNTIL_DEPRECATED), "ImdsSupport": "v2.0",
        "BlockDeviceMappings": [
            {"DeviceName": "/dev/xvda",
             "Ebs": {"SnapshotId": image.id.replace("ami-", "snap-"), "VolumeSize": image.root_gib,
                     "VolumeType": "gp3", "DeleteOnTermination": True, "Encrypted": False}}
        ],
    }  # fmt: skip


def own_view(image: t.Any) -> dict[str, t.Any]:
    """An image of moto's in AWS's shape; one made from a machine has that machine's disks."""
    machine = getattr(image, "instance", None)
    device = (machine.root_device_name if machine else image.root_device_name) or "/dev/xvda"
    disks = getattr(image, "disks", None) or [
        {"DeviceName": device, "Ebs": one["Ebs"]} for one in image.block_device_mappings
    ]
    return {
        "ImageId": image.id, "Name": image.name, "ImageLocation": image.image_location, "OwnerId": image.owner_id,
        "ImageOwnerAlias": image.owner_alias, "Public": image.is_public, "State": image.state,
        "ImageType": image.image_type, "Architecture": image.architecture, "Description": image.description,
        "Platform": "windows" if image.platform == "windows" else None, "RootDeviceType": image.root_device_type,
        "RootDeviceName": device, "VirtualizationType": image.virtualization_type, "BlockDeviceMappings": disks,
        "Hypervisor": image.hypervisor, "EnaSupport": True, "CreationDate": _time(image.creation_date),
        "SourceInstanceId": image.source_instance_id, "Tags": tag_list(image.ec2_backend, image.id),
    }  # fmt: skip


def _time(when: t.Any) -> str:
    return f"{when:%Y-%m-%dT%H:%M:%S.000Z}"


@action
def describe_images(response: Response) -> t.Any:
    response.error_on_dryrun()
    backend, ids = response.ec2_backend, response._get_param("ImageIds", [])
    views = _named(backend, ids) if ids else _all(backend, response._get_param("Owners", []))
    filters = read_filters(response)
    for name, values in filters:
        if name.startswith("tag:"):
            views = [one for one in views if accepts(values, _tag(one, name[4:]))]
        elif name in FILTERS:
            views = [one for one in views if accepts(values, dig(one, FILTERS[name]))]
        else:
            refuse("InvalidParameterValue", f"The filter '{name}' is invalid")
    return paged(response, "Images", views)


def _tag(seen: dict[str, t.Any], key: str) -> list[str]:
    return [tag["Value"] for tag in seen.get("Tags", []) if tag["Key"] == key]


def _named(backend: Backend, ids: list[str]) -> list[dict[str, t.Any]]:
    found = {one: _public(backend, one) or _own(backend, one) for one in ids}
    missing = [one for one, seen in found.items() if seen is None]
    if missing:
        _refuse_missing(missing)
    return [seen for seen in found.values() if seen is not None]


def _all(backend: Backend, owners: list[str]) -> list[dict[str, t.Any]]:
    if owners and set(owners) <= {"self", backend.account_id}:
        return [own_view(one) for one in own(backend)]
    views = [public_view(one) for one in public_images.every(backend.region_name)]
    views += [own_view(one) for one in backend.amis.values()]
    if not owners:
        return views
    wanted = {backend.account_id if one == "self" else one for one in owners}
    return [one for one in views if wanted & {one["OwnerId"], one.get("ImageOwnerAlias")}]


def own(backend: Backend) -> list[t.Any]:
    """The account's own images; moto's many are not loaded for it."""
    return [one for one in backend.__dict__["images"].values() if one.owner_id == backend.account_id]
