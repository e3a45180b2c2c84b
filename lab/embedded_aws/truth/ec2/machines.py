# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Machines: moto's instance, made of a settled launch, with AWS's states in time.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-lifecycle.html
"""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

from moto.ec2.models.block_device import BlockDeviceMapping, BlockDeviceType
from moto.ec2.models.elastic_block_store import VolumeAttachment
from moto.ec2.models.instances import Instance, InstancePlacement, InstanceState, StateReason

from lab.embedded_aws.truth import happenings
from lab.embedded_aws.truth.ec2 import interfaces, tags, volumes
from lab.embedded_aws.truth.ec2.addresses import next_public
from lab.embedded_aws.truth.ec2.base import Backend, after, new_id, now
from lab.embedded_aws.truth.ec2.subnets import next_address

CODES = {"pending": 0, "running": 16, "shutting-down": 32, "terminated": 48, "stopping": 64, "stopped": 80}
# How long DescribeInstances still lists what is terminated.
LISTED_AFTER_END = datetime.timedelta(hours=1)
Spec = dict[str, t.Any]


@dataclasses.dataclass(frozen=True)
class Plan:
    """One machine as it will be: every name looked up, every default filled in, nothing made yet."""

    given: Spec
    image: t.Any
    kind: str
    subnet: t.Any
    zone: str
    nics: list[Spec]
    disks: list[Spec]
    profile: t.Any
    template: t.Any
    tags: dict[str, dict[str, str]]
    spot: bool

    @property
    def template_tags(self) -> dict[str, str]:
        """What AWS itself notes on a machine made from a launch template."""
        if self.template is None:
            return {}
        version = str(self.template.number)
        return {"aws:ec2launchtemplate:id": self.template.template.id, "aws:ec2launchtemplate:version": version}


class Machine(Instance):
    """An instance; what other parts of moto ask of one is there under moto's names."""

    def __init__(self, backend: Backend, plan: Plan, index: int) -> None:
        given = plan.given
        self.ec2_backend, self.plan = backend, plan
        self.id, self.owner_id, self.region_name = new_id("i"), backend.account_id, backend.region_name
        self.image_id, self.instance_type, self.architecture = plan.image.id, plan.kind, plan.image.architecture
        self.user_data = given.get("UserData")
        self.lifecycle = "spot" if plan.spot else None
        self._placement = InstancePlacement(plan.zone)
        self._subnet_id = plan.subnet.id
        self._state, self._reason, self.state_reason = InstanceState("pending", 0), "", StateReason()
        self.launch_time, self.ami_launch_index = now(), index
        self.ended: datetime.datetime | None = None
        self.root_device_name, self.root_device_type = plan.image.root_device, "ebs"
        self.kernel = self.ramdisk = None
        self.platform, self.virtualization_type, self.hypervisor = None, "hvm", "xen"
        self.key_name, self.client_token = given.get("KeyName"), given.get("ClientToken")
        self.ebs_optimized = bool(given.get("EbsOptimized"))
        self.disable_api_termination = bool(given.get("DisableApiTermination"))
        self.disable_api_stop = bool(given.get("DisableApiStop"))
        self.instance_initiated_shutdown_behavior = given.get("InstanceInitiatedShutdownBehavior") or "stop"
        self.monitoring_state = "enabled" if (given.get("Monitoring") or {}).get("Enabled") else "disabled"
        self.metadata = _metadata(given.get("MetadataOptions") or {})
        self.profile = plan.profile
        self.source_dest_check = True
        self._spot_fleet_id = self._fleet_id = None
        self.nics: dict[int, t.Any] = {}
        self.block_device_mapping = BlockDeviceMapping()

    def __del__(self) -> None:
        """moto would give addresses back here; ours go with the interfaces."""

    @property
    def security_groups(self) -> list[t.Any]:
        return list(self.nics[0]._group_set) if 0 in self.nics else []

    @property
    def iam_instance_profile(self) -> dict[str, str] | None:
        return {"Arn": self.profile.arn, "Id": self.profile.id} if self.profile else None

    @property
    def subnet(self) -> t.Any:
        return self.plan.subnet

    @property
    def vpc_id(self) -> str:
        return str(self.plan.subnet.vpc_id)

    @property
    def private_ip(self) -> str | None:
        return self.nics[0].private_ip_address if self.nics else None

    @property
    def public_ip(self) -> str | None:
        return self.nics[0].public_ip if self.nics else None

    def become(self, state: str) -> None:
        self._state = InstanceState(state, CODES[state])

    def tell(self, what: str) -> None:
        happenings.tell(what, self.ec2_backend.account_id, self.ec2_backend.region_name, self)

    def terminate(self) -> InstanceState:
        """Shut down and go; the state before."""
        return end(self)


def _metadata(given: Spec) -> Spec:
    return {
        "State": "applied", "HttpTokens": "optional", "HttpPutResponseHopLimit": 1, "HttpEndpoint": "enabled",
        "HttpProtocolIpv6": "disabled", "InstanceMetadataTags": "disabled",
        **{key: value for key, value in given.items() if value is not None},
    }  # fmt: skip


def make(backend: Backend, plan: Plan, index: int = 0) -> Machine:
    """Make a planned machine with its interfaces and volumes; it runs in its time."""
    machine = Machine(backend, plan, index)
    for nic in plan.nics:
        _attach(backend, machine, nic)
    for disk in plan.disks:
        volume = volumes.make(backend, plan.zone, disk, plan.tags.get("volume", {}))
        _hold(machine, volume, disk)
    return machine


def _hold(machine: Machine, volume: t.Any, disk: Spec) -> None:
    volume.attachment = VolumeAttachment(volume, machine, disk["DeviceName"], "attached")
    machine.block_device_mapping[disk["DeviceName"]] = BlockDeviceType(
        volume_id=volume.id, status="in-use", size=volume.size, attach_time=now(),
        delete_on_termination=disk.get("DeleteOnTermination") is not False,
    )  # fmt: skip


def _attach(backend: Backend, machine: Machine, nic: Spec) -> None:
    index = int(nic["DeviceIndex"])
    if nic.get("NetworkInterfaceId"):
        eni = backend.enis[nic["NetworkInterfaceId"]]
    else:
        address = nic.get("PrivateIpAddress") or next_address(backend, nic["subnet"])
        groups = [group.id for group in nic["groups"]]
        eni = backend.create_network_interface(nic["subnet"], address, None, groups, nic.get("Description") or "")
        eni.delete_on_termination = nic.get("DeleteOnTermination") is not False
        eni.public_ip_auto_assign = bool(nic["public"])
        tags.put(backend, eni.id, machine.plan.tags.get("network-interface", {}))
        if nic["public"]:
            eni.public_ip = next_public(backend)
    dashed = eni.private_ip_address.replace(".", "-")
    zone = "ec2.internal" if backend.region_name == "us-east-1" else f"{backend.region_name}.compute.internal"
    eni.private_dns_name = f"ip-{dashed}.{zone}"
    machine.attach_eni(eni, index)


def start(machine: Machine) -> None:
    """Let a machine become running in its time."""
    machine.become("pending")

    def running() -> None:
        if machine.state == "pending":
            machine.become("running")
            machine.tell(happenings.INSTANCE_RUNNING)

    after(machine.ec2_backend, "instance", running)


def start_again(machine: Machine) -> None:
    for eni in machine.nics.values():
        if eni.public_ip_auto_assign and not eni.public_ip:
            eni.public_ip = next_public(machine.ec2_backend)
    machine.state_reason, machine._reason = StateReason(), ""
    machine.launch_time = now()
    start(machine)


def stop(machine: Machine) -> InstanceState:
    """Stop a machine; the state before. Its own public address goes, its disks stay."""
    before = machine._state
    machine.become("stopping")
    _because(machine)
    machine.tell(happenings.INSTANCE_GONE)

    def stopped() -> None:
        if machine.state == "stopping":
            machine.become("stopped")
            for eni in machine.nics.values():
                if eni.public_ip_auto_assign:
                    eni.public_ip = None

    after(machine.ec2_backend, "instance_terminate", stopped)
    return before


def end(machine: Machine) -> InstanceState:
    """Terminate a machine; the state before. Its subnet and groups are held until it is terminated."""
    before = machine._state
    if before.name in ("shutting-down", "terminated"):
        return before
    machine.become("shutting-down")
    _because(machine)
    if before.name not in ("stopped", "stopping"):
        machine.tell(happenings.INSTANCE_GONE)
    after(machine.ec2_backend, "instance_terminate", lambda: _terminated(machine))
    return before


def _because(machine: Machine) -> None:
    machine._reason = f"User initiated ({now():%Y-%m-%d %H:%M:%S} GMT)"
    code = "Client.UserInitiatedShutdown"
    machine.state_reason = StateReason(f"{code}: User initiated shutdown", code)


def _terminated(machine: Machine) -> None:
    backend = machine.ec2_backend
    machine.become("terminated")
    machine.ended = now()
    for eni in list(machine.nics.values()):
        for address in backend.addresses:
            if address.eni is eni:
                backend.disassociate_address(address=address.public_ip)
        if eni.delete_on_termination:
            interfaces.remove(backend, eni.id)
        else:
            machine.detach_eni(eni)
    machine.nics.clear()
    for device, mapping in list(machine.block_device_mapping.items()):
        if mapping.delete_on_termination:
            volumes.remove(backend, mapping.volume_id)
        elif mapping.volume_id in backend.volumes:
            backend.volumes[mapping.volume_id].attachment = None
        del machine.block_device_mapping[device]
