# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a launch template says of a machine: from a pool to AWS's words, and from those to fields that are compared.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RequestLaunchTemplateData.html. AWS gives back what was set
and no defaults, so both sides are read by the same `view`.
"""

from __future__ import annotations

import base64
import hashlib
import typing as t

Data = t.Mapping[str, t.Any]

TAGGED = ("instance", "network-interface", "volume")
# What `view` reads; anything else in a template was put there by hand.
_OURS = frozenset(
    (
        *("BlockDeviceMappings", "CapacityReservationSpecification", "IamInstanceProfile", "ImageId", "InstanceType"),
        *("MetadataOptions", "Monitoring", "NetworkInterfaces", "Placement", "TagSpecifications", "UserData"),
    )
)
_VOLUME = {
    "gib": "VolumeSize",
    "type": "VolumeType",
    "iops": "Iops",
    "throughput_mibps": "Throughput",
    "kms_key_arn": "KmsKeyId",
    "snapshot": "SnapshotId",
}


class Machine(t.TypedDict):
    """A machine of a pool: names are ids by now, the image is known, user data is rendered."""

    image: str
    root_device: str
    instance_type: str
    instance_profile: str
    security_groups: list[str]
    public_address: bool
    hop_limit: int
    detailed_monitoring: bool
    root_volume: dict[str, t.Any]
    volumes: list[dict[str, t.Any]]
    user_data: str
    placement_group: str
    capacity_reservation: dict[str, t.Any]
    tags: dict[str, str]


def data(machine: Machine) -> dict[str, t.Any]:
    """Return ``LaunchTemplateData``. There is no key pair, and IMDSv2 is required."""
    root = {"device": machine["root_device"], **machine["root_volume"]}
    tags = [{"Key": key, "Value": machine["tags"][key]} for key in sorted(machine["tags"])]
    said: dict[str, t.Any] = {
        "ImageId": machine["image"],
        "InstanceType": machine["instance_type"],
        "BlockDeviceMappings": [_mapping(volume) for volume in (root, *machine["volumes"])],
        "NetworkInterfaces": [
            {
                "DeviceIndex": 0,
                "AssociatePublicIpAddress": machine["public_address"],
                "DeleteOnTermination": True,
                "Groups": sorted(machine["security_groups"]),
            }
        ],
        # https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-options.html
        "MetadataOptions": {
            "HttpEndpoint": "enabled",
            "HttpTokens": "required",
            "HttpPutResponseHopLimit": machine["hop_limit"],
        },
        "Monitoring": {"Enabled": machine["detailed_monitoring"]},
        "TagSpecifications": [{"ResourceType": kind, "Tags": tags} for kind in TAGGED],
    }
    if machine["instance_profile"]:
        said["IamInstanceProfile"] = {"Name": machine["instance_profile"]}
    if machine["user_data"]:
        said["UserData"] = base64.b64encode(machine["user_data"].encode()).decode()
    if machine["placement_group"]:
        said["Placement"] = {"GroupName": machine["placement_group"]}
    if machine["capacity_reservation"]:
        said["CapacityReservationSpecification"] = _reservation(machine["capacity_reservation"])
    return said


def view(said: Data) -> dict[str, t.Any]:
    """Return the fields of a template's data, wanted or found.

    ``others`` names what was set by hand; user data is shown by its digest.
    """
    interface: Data = (said.get("NetworkInterfaces") or [{}])[0]
    profile: Data = said.get("IamInstanceProfile") or {}
    metadata: Data = said.get("MetadataOptions") or {}
    return {
        "image": said.get("ImageId"),
        "instance_type": said.get("InstanceType"),
        "instance_profile": profile.get("Name") or profile.get("Arn"),
        "security_groups": sorted(interface.get("Groups") or ()),
        "public_address": interface.get("AssociatePublicIpAddress"),
        "metadata": {key: metadata.get(key) for key in ("HttpEndpoint", "HttpTokens", "HttpPutResponseHopLimit")},
        "detailed_monitoring": (said.get("Monitoring") or {}).get("Enabled", False),
        "volumes": {
            mapping["DeviceName"]: dict(mapping["Ebs"])
            for mapping in said.get("BlockDeviceMappings") or ()
            if "Ebs" in mapping
        },
        "user_data": digest(said.get("UserData")),
        "placement_group": (said.get("Placement") or {}).get("GroupName") or None,
        "capacity_reservation": said.get("CapacityReservationSpecification") or None,
        "tags": {
            one["ResourceType"]: {tag["Key"]: tag["Value"] for tag in one.get("Tags") or ()}
            for one in said.get("TagSpecifications") or ()
        },
        "others": sorted(key for key, value in said.items() if key not in _OURS and value not in (None, [], {})),
    }


def same_machine(one: Data, other: Data) -> bool:
    """Return whether machines of two versions need no replacing: they differ in nothing but tags and first type.

    The type that a machine has is the group's choice, and tags are no reason to take machines down.
    """
    left, right = view(one), view(other)
    return all(left[name] == right[name] for name in left if name not in ("tags", "instance_type"))


def digest(encoded: str | None) -> str | None:
    """Return what stands for user data: enough to see that it changed."""
    if not encoded:
        return None
    raw = base64.b64decode(encoded)
    return f"sha256:{hashlib.sha256(raw).hexdigest()[:12]} ({len(raw)} bytes)"


def _mapping(volume: Data) -> dict[str, t.Any]:
    given = {theirs: volume[ours] for ours, theirs in _VOLUME.items() if volume.get(ours) is not None}
    # A volume that outlived its machine would be nobody's, and paid for.
    ebs = {"Encrypted": True, "DeleteOnTermination": True, **given}
    return {"DeviceName": volume["device"], "Ebs": ebs}


def _reservation(said: Data) -> dict[str, t.Any]:
    if said.get("id"):
        return {"CapacityReservationTarget": {"CapacityReservationId": said["id"]}}
    if said.get("resource_group_arn"):
        return {"CapacityReservationTarget": {"CapacityReservationResourceGroupArn": said["resource_group_arn"]}}
    return {"CapacityReservationPreference": said["preference"]}
