# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Volumes: the defaults of their types, encryption, and what holds them.

https://docs.aws.amazon.com/ebs/latest/userguide/ebs-volume-types.html
"""

from __future__ import annotations

import hashlib
import typing as t
import uuid

from moto.ec2.models.elastic_block_store import Volume

from lab.embedded_aws.truth.ec2 import tags
from lab.embedded_aws.truth.ec2.base import (
    Backend,
    Response,
    action,
    catch_up,
    done,
    forget,
    new_id,
    refuse,
    same_request,
    tag_list,
)
from lab.embedded_aws.truth.ec2.kinds import Kind, find, register
from lab.embedded_aws.truth.ec2.reading import describe
from lab.embedded_aws.truth.ec2.template_data import check_volume
from lab.embedded_aws.truth.ec2.xml import Ec2Result

IOPS_OF = {"gp3": 3000}
THROUGHPUT_OF = {"gp3": 125}


def view(volume: t.Any) -> dict[str, t.Any]:
    backend = volume.ec2_backend
    return {
        "VolumeId": volume.id, "Size": volume.size, "SnapshotId": volume.snapshot_id or "",
        "AvailabilityZone": volume.availability_zone, "State": volume.status, "CreateTime": volume.create_time,
        "VolumeType": volume.volume_type, "Iops": volume.iops, "Throughput": volume.throughput,
        "Encrypted": bool(volume.encrypted), "KmsKeyId": volume.kms_key_id,
        "MultiAttachEnabled": bool(volume.multi_attach_enabled),
        "Attachments": [_attachment(one) for one in volume.attachments], "Tags": tag_list(backend, volume.id),
    }  # fmt: skip


def _attachment(one: t.Any) -> dict[str, t.Any]:
    mapping = one.instance.block_device_mapping.get(one.device)
    return {
        "VolumeId": one.volume_id, "InstanceId": one.instance_id, "Device": one.device, "State": one.status,
        "AttachTime": one.attach_time, "DeleteOnTermination": bool(mapping and mapping.delete_on_termination),
    }  # fmt: skip


VOLUME = register(
    Kind(
        type="volume", prefix="vol", missing=("InvalidVolume.NotFound", "volume"), id_key="VolumeId",
        objects=lambda backend: backend.volumes.values(), view=view,
        filters={
            "volume-id": "VolumeId", "size": "Size", "snapshot-id": "SnapshotId", "status": "State",
            "availability-zone": "AvailabilityZone", "volume-type": "VolumeType", "encrypted": "Encrypted",
            "create-time": "CreateTime", "attachment.instance-id": "Attachments[].InstanceId",
            "attachment.device": "Attachments[].Device", "attachment.status": "Attachments[].State",
            "attachment.delete-on-termination": "Attachments[].DeleteOnTermination",
        },
    )
)  # fmt: skip


def make(backend: Backend, zone: str, spec: dict[str, t.Any], given: dict[str, str]) -> Volume:
    """A new volume of an EbsBlockDevice-like `spec`, with its tags."""
    kind = spec.get("VolumeType") or "gp2"
    encrypted = bool(spec.get("Encrypted")) or bool(backend.ebs_encryption_by_default)
    size = int(spec["VolumeSize"])
    iops = spec.get("Iops") or IOPS_OF.get(kind) or (min(max(100, 3 * size), 16000) if kind == "gp2" else None)
    volume = Volume(
        backend, new_id("vol"), size, backend.get_zone_by_name(zone), spec.get("SnapshotId"), encrypted,
        (spec.get("KmsKeyId") or default_key(backend)) if encrypted else None, kind, iops,
        spec.get("Throughput") or THROUGHPUT_OF.get(kind),
    )  # fmt: skip
    backend.volumes[volume.id] = volume
    tags.put(backend, volume.id, given)
    return volume


def default_key(backend: Backend) -> str:
    """The account's aws/ebs key, which AWS makes with the first encrypted volume."""
    seed = hashlib.sha256(f"{backend.account_id}{backend.region_name}aws/ebs".encode()).hexdigest()
    return f"arn:{backend.partition}:kms:{backend.region_name}:{backend.account_id}:key/{uuid.UUID(seed[:32])}"


def remove(backend: Backend, volume_id: str) -> None:
    """Take a volume away, whatever holds it."""
    volume = backend.volumes.pop(volume_id, None)
    if volume is not None:
        volume.attachment = None
        forget(backend, volume_id)


@action
def describe_volumes(response: Response) -> t.Any:
    return describe(response, VOLUME, "Volumes", "VolumeIds")


@action
def create_volume(response: Response) -> t.Any:
    backend, token = response.ec2_backend, response._get_param("ClientToken")
    given = tags.requested(response, "volume")
    volume = same_request(backend, "volume", token, lambda: _create(response, given))
    return Ec2Result({**view(volume), "State": "creating"})


def _create(response: Response, given: dict[str, str]) -> Volume:
    backend = response.ec2_backend
    keys = ("VolumeType", "Iops", "KmsKeyId", "SnapshotId", "Throughput", "Encrypted")
    spec = {key: response._get_param(key) for key in keys}
    spec["VolumeSize"] = response._get_param("Size")
    zone = response._get_param("AvailabilityZone")
    if zone not in {one.name for one in backend.describe_availability_zones()}:
        refuse("InvalidZone.NotFound", f"The zone '{zone}' does not exist.")
    if spec["SnapshotId"] and not spec["VolumeSize"]:
        spec["VolumeSize"] = backend.get_snapshot(spec["SnapshotId"]).volume.size
    if not spec["VolumeSize"]:
        refuse("MissingParameter", "The request must contain the parameter size/snapshot")
    check_volume(spec)
    response.error_on_dryrun()
    return make(backend, zone, spec, given)


@action
def delete_volume(response: Response) -> t.Any:
    backend = response.ec2_backend
    catch_up(backend)
    volume = find(backend, response._get_param("VolumeId"))
    response.error_on_dryrun()
    if volume.attachment:
        refuse("VolumeInUse", f"Volume {volume.id} is currently attached to {volume.attachment.instance_id}")
    remove(backend, volume.id)
    return done()
