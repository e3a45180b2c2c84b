# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From what a launch asks to what it makes: the template under the request, every check AWS makes, the machines.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RunInstances.html. Auto Scaling launches this way too.
"""

from __future__ import annotations

import typing as t

from moto.ec2.models.instances import Reservation

from lab.embedded_aws.truth.ec2 import images, instance_types, launch_templates, machines, room, wiring
from lab.embedded_aws.truth.ec2 import tags as tagging
from lab.embedded_aws.truth.ec2.base import Backend, new_id, refuse
from lab.embedded_aws.truth.ec2.machines import Machine, Plan, Spec
from lab.embedded_aws.truth.ec2.template_data import check_metadata, check_user_data, check_volume

TAGGED = ("instance", "volume", "network-interface", "spot-instances-request", "elastic-gpu")


def launch(
    backend: Backend, plan: Plan, most: int, least: int = 1, joining: t.Callable[[Machine], None] | None = None
) -> list[Machine]:
    """Make up to `most` machines of a plan and start them; refuses when fewer than `least` fit.

    `joining` is called with each machine before it starts, so that who asked for it knows it before it runs.
    """
    room.check_offered(backend, plan.kind, plan.zone)
    count = room.fitting(backend, plan.kind, plan.zone, plan.spot, most, least)
    made = [machines.make(backend, plan, index) for index in range(count)]
    for machine in made:
        tagging.put(backend, machine.id, {**plan.tags.get("instance", {}), **plan.template_tags})
    reservation = Reservation(new_id("r"), backend.account_id)
    reservation.instances = list(made)
    backend.reservations[reservation.id] = reservation
    for machine in made:
        if joining is not None:
            joining(machine)
        machines.start(machine)
    return made


def settle(backend: Backend, request: Spec) -> Plan:
    """Look up and check all that a request (RunInstances' parameters) names; nothing is made."""
    template = _template(backend, request)
    given = merge(template.data, request) if template else request
    image = images.find(backend, _image_id(backend, given))
    kind = given.get("InstanceType") or "m1.small"
    _check_kind(kind, image)
    check_user_data(given.get("UserData"))
    check_metadata(given.get("MetadataOptions") or {})
    _check_key(backend, given.get("KeyName"))
    profile = _profile(backend, given.get("IamInstanceProfile") or {})
    subnet, nics = wiring.settle(backend, given)
    market = (given.get("InstanceMarketOptions") or {}).get("MarketType")
    return Plan(
        given, image, kind, subnet, subnet.availability_zone, nics, _disks(given, image), profile, template,
        _tags(given), market == "spot",
    )  # fmt: skip


def _template(backend: Backend, request: Spec) -> t.Any:
    named = request.get("LaunchTemplate")
    if not named:
        return None
    return launch_templates.find(backend, named).get_version(named.get("Version") or "$Default")


def merge(data: Spec, request: Spec) -> Spec:
    """A template's data with a request over it: devices, interfaces and tags one by one, the rest by name."""
    merged = {**data, **{key: value for key, value in request.items() if value not in (None, [], {}, "")}}
    for name, key in (("BlockDeviceMappings", "DeviceName"), ("NetworkInterfaces", "DeviceIndex")):
        rows = {str(row.get(key)): row for row in data.get(name) or []}
        rows.update({str(row.get(key)): {**rows.get(str(row.get(key)), {}), **row} for row in request.get(name) or []})
        merged[name] = list(rows.values())
    merged["TagSpecifications"] = [*(data.get("TagSpecifications") or []), *(request.get("TagSpecifications") or [])]
    return merged


def _image_id(backend: Backend, given: Spec) -> str:
    if not given.get("ImageId"):
        refuse("MissingParameter", "The request must contain the parameter ImageId")
    return images.resolve(backend, given["ImageId"])


def _check_kind(kind: str, image: images.Image) -> None:
    known = instance_types.facts(kind)
    if known is None:
        refuse("InvalidParameterValue", f"Invalid value '{kind}' for InstanceType.")
    runs = known["ProcessorInfo"]["SupportedArchitectures"]
    if image.architecture not in runs:
        refuse(
            "InvalidParameterValue",
            f"The architecture '{','.join(runs)}' of the specified instance type does not match the architecture "
            f"'{image.architecture}' of the specified AMI. Specify an instance type and an AMI that have matching "
            "architectures, and try again. You can use 'describe-instance-types' or 'describe-images' to discover the "
            "architecture of the instance type or AMI.",
        )


def _check_key(backend: Backend, name: str | None) -> None:
    if name and name not in backend.key_pairs:
        refuse("InvalidKeyPair.NotFound", f"The key pair '{name}' does not exist")


def _profile(backend: Backend, named: Spec) -> t.Any:
    """The instance profile by name or ARN; it must exist and hold a role."""
    if not named.get("Name") and not named.get("Arn"):
        return None
    from moto.iam.models import iam_backends

    profiles = iam_backends[backend.account_id][backend.partition].instance_profiles.values()
    key = "arn" if named.get("Arn") else "name"
    wanted = named.get("Arn") or named.get("Name")
    profile = next((one for one in profiles if getattr(one, key) == wanted), None)
    if profile is None:
        refuse(
            "InvalidParameterValue",
            f"Value ({wanted}) for parameter iamInstanceProfile.{key} is invalid. Invalid IAM Instance Profile "
            f"{'ARN' if key == 'arn' else 'name'}",
        )
    if not profile.roles:
        refuse("InvalidParameterValue", f'IAM Instance Profile "{profile.arn}" has no associated IAM Roles')
    return profile


def _disks(given: Spec, image: images.Image) -> list[Spec]:
    """The image's root volume and those asked for, each as an EbsBlockDevice with its DeviceName."""
    root = {"VolumeSize": image.root_gib, "VolumeType": "gp3", "SnapshotId": image.snapshot}
    disks: dict[str, Spec] = {image.root_device: root}
    for mapping in given.get("BlockDeviceMappings") or []:
        device, ebs = str(mapping.get("DeviceName")), mapping.get("Ebs")
        if mapping.get("NoDevice") is not None:
            disks.pop(device, None)
        elif ebs is not None:
            disks[device] = {**disks.get(device, {}), **{key: one for key, one in ebs.items() if one is not None}}
    for device, disk in disks.items():
        if not disk.get("VolumeSize"):
            refuse("MissingParameter", "The request must contain the parameter size or snapshotId")
        check_volume(disk)
        if disk.get("SnapshotId") == image.snapshot and int(disk["VolumeSize"]) < image.root_gib:
            refuse(
                "InvalidBlockDeviceMapping",
                f"Volume of size {disk['VolumeSize']}GB is smaller than snapshot '{image.snapshot}', expect size >= "
                f"{image.root_gib}GB",
            )
        disk["DeviceName"] = device
    return list(disks.values())


def _tags(given: Spec) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for specification in given.get("TagSpecifications") or []:
        kind = specification.get("ResourceType")
        if kind not in TAGGED:
            refuse("InvalidParameterValue", f"'{kind}' is not a valid taggable resource type for this operation.")
        rows = specification.get("Tags") or []
        # Auto Scaling's own tags begin with aws:, which nobody else may give.
        own = {row["Key"]: row["Value"] for row in rows if row["Key"].startswith("aws:autoscaling:")}
        rest = [row for row in rows if row["Key"] not in own]
        found.setdefault(kind, {}).update({**own, **tagging.checked(rest)})
    return found
