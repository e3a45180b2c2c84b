# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Images that an account makes from its machines, and their end.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateImage.html,
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeregisterImage.html
"""

from __future__ import annotations

import re
import typing as t

from lab.embedded_aws import machine_images, machines
from lab.embedded_aws.truth.ec2 import images, kinds, tags
from lab.embedded_aws.truth.ec2.base import Backend, Response, action, after, forget, refuse
from lab.embedded_aws.truth.ec2.xml import Ec2Result

NAME = re.compile(r"[\w()\[\] ./'@-]{3,128}", re.ASCII)
TAGGED = ("image", "snapshot")


@action
def create_image(response: Response) -> t.Any:
    backend, name = response.ec2_backend, str(response._get_param("Name"))
    machine = kinds.find(backend, response._get_param("InstanceId"))
    given = _tags(response._get_param("TagSpecifications", []))
    if not NAME.fullmatch(name):
        refuse("InvalidAMIName.Malformed", "AMI names must be between 3 and 128 characters long, and may contain "
               "letters, numbers, '(', ')', '.', '-', '/' and '_'")  # fmt: skip
    taken = next((one.id for one in images.own(backend) if one.name == name), None)
    if taken:
        refuse("InvalidAMIName.Duplicate", f"AMI name {name} is already in use by AMI {taken}")
    if machine.state not in ("running", "stopped"):
        refuse("IncorrectState", f"Instance '{machine.id}' is not in a state from which it can be imaged")
    response.error_on_dryrun()
    image = backend.create_image(machine.id, name, response._get_param("Description"), [])
    image.disks = _disks(backend, machine, image)
    image.state = "pending"
    tags.put(backend, image.id, given.get("image", {}))
    tags.put(backend, image.ebs_snapshot.id, given.get("snapshot", {}))
    if not machine_images.keep(machine.id, image.id, lambda well: _ends(image, well)):
        after(backend, "machine_image", lambda: _ends(image, well=True))
    return Ec2Result({"ImageId": image.id})


def _tags(specifications: list[dict[str, t.Any]]) -> dict[str, dict[str, str]]:
    unknown = next((one["ResourceType"] for one in specifications if one["ResourceType"] not in TAGGED), None)
    if unknown:
        refuse("InvalidParameterValue", f"'{unknown}' is not a valid taggable resource type for this operation.")
    return {one["ResourceType"]: tags.checked(one.get("Tags") or []) for one in specifications}


def _disks(backend: Backend, machine: t.Any, image: t.Any) -> list[dict[str, t.Any]]:
    """The root alone has a snapshot of moto's; the machine's other disks are told and have none."""
    disks = []
    for device, mapping in machine.block_device_mapping.items():
        volume = backend.volumes[mapping.volume_id]
        ebs = {
            "VolumeSize": volume.size, "VolumeType": volume.volume_type, "Encrypted": bool(volume.encrypted),
            "DeleteOnTermination": bool(mapping.delete_on_termination),
        }  # fmt: skip
        if device == machine.root_device_name:
            ebs["SnapshotId"] = image.ebs_snapshot.id
        disks.append({"DeviceName": device, "Ebs": ebs})
    return disks


def _ends(image: t.Any, well: bool) -> None:
    if image.state == "pending":
        image.state = "available" if well else "failed"


@action
def deregister_image(response: Response) -> t.Any:
    backend, identifier = response.ec2_backend, response._get_param("ImageId")
    image = next((one for one in images.own(backend) if one.id == identifier), None)
    response.error_on_dryrun()
    if image is None:
        gone = identifier in backend.deleted_amis
        code, ending = ("Unavailable", "is no longer available") if gone else ("NotFound", "does not exist")
        refuse(f"InvalidAMIID.{code}", f"The image id '[{identifier}]' {ending}")
    backend.deregister_image(identifier)
    if machines.attached():
        machine_images.forget(identifier)
    forget(backend, identifier)
    answer: dict[str, t.Any] = {"Return": True}
    if response._get_bool_param("DeleteAssociatedSnapshots", False):
        snapshot = image.ebs_snapshot.id
        backend.snapshots.pop(snapshot, None)
        forget(backend, snapshot)
        answer["DeleteSnapshotResults"] = [{"SnapshotId": snapshot, "ReturnCode": "success"}]
    return Ec2Result(answer)
