# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Instances: how they look and are found; instance_actions.py has what is done to them.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstances.html
"""

from __future__ import annotations

import typing as t

from lab.embedded_aws.truth.ec2.base import Backend, Response, action, now, refuse, tag_list
from lab.embedded_aws.truth.ec2.kinds import Kind, register
from lab.embedded_aws.truth.ec2.machines import LISTED_AFTER_END
from lab.embedded_aws.truth.ec2.reading import describe
from lab.embedded_aws.truth.ec2.xml import Ec2Result


def view(one: t.Any) -> dict[str, t.Any]:
    backend, gone = one.ec2_backend, one.state == "terminated"
    groups = [{"GroupId": group.id, "GroupName": group.name} for group in one.security_groups]
    return {
        "InstanceId": one.id, "ImageId": one.image_id, "InstanceType": one.instance_type,
        "State": {"Code": one.state_code, "Name": one.state}, "LaunchTime": one.launch_time,
        "AmiLaunchIndex": one.ami_launch_index, "Architecture": one.architecture, "KeyName": one.key_name,
        "ClientToken": one.client_token or "", "EbsOptimized": one.ebs_optimized, "EnaSupport": True,
        "Hypervisor": one.hypervisor, "VirtualizationType": one.virtualization_type,
        "IamInstanceProfile": None if gone else one.iam_instance_profile, "InstanceLifecycle": one.lifecycle,
        "Placement": _placement(backend, one), "Monitoring": {"State": one.monitoring_state},
        "MetadataOptions": one.metadata, "RootDeviceName": one.root_device_name, "RootDeviceType": "ebs",
        "PlatformDetails": "Linux/UNIX", "UsageOperation": "RunInstances", "BootMode": "uefi-preferred",
        "StateTransitionReason": one._reason, "StateReason": _reason(one), "ProductCodes": [],
        "SourceDestCheck": None if gone else one.source_dest_check, "SecurityGroups": groups,
        "SubnetId": None if gone else one.subnet_id, "VpcId": None if gone else one.vpc_id,
        "PrivateIpAddress": one.private_ip, "PrivateDnsName": "" if gone else one.private_dns_name,
        "PublicIpAddress": one.public_ip, "PublicDnsName": _public_name(backend, one),
        "NetworkInterfaces": [_interface(backend, eni) for _, eni in sorted(one.nics.items())],
        "BlockDeviceMappings": [_disk(*device) for device in one.get_block_device_mapping],
        "CpuOptions": _cpu(one), "HibernationOptions": {"Configured": False}, "EnclaveOptions": {"Enabled": False},
        "PrivateDnsNameOptions": None if gone else {
            "HostnameType": "ip-name", "EnableResourceNameDnsARecord": False, "EnableResourceNameDnsAAAARecord": False,
        },
        "MaintenanceOptions": {"AutoRecovery": "default"}, "CurrentInstanceBootMode": "legacy-bios",
        "Tags": tag_list(backend, one.id),
    }  # fmt: skip


def _placement(backend: Backend, one: t.Any) -> dict[str, t.Any]:
    zone = next((zone for zone in backend.describe_availability_zones() if zone.name == one.availability_zone), None)
    return {
        "AvailabilityZone": one.availability_zone, "AvailabilityZoneId": zone.zone_id if zone else None,
        "GroupName": "", "Tenancy": "default",
    }  # fmt: skip


def _reason(one: t.Any) -> dict[str, str] | None:
    reason = one.state_reason
    return {"Code": reason.code, "Message": reason.message} if reason.code else None


def _public_name(backend: Backend, one: t.Any) -> str:
    vpc = backend.vpcs.get(one.vpc_id)
    return str(one.public_dns_name or "") if vpc is not None and vpc.enable_dns_hostnames else ""


def _cpu(one: t.Any) -> dict[str, int]:
    from lab.embedded_aws.truth.ec2.instance_types import facts

    known = (facts(one.instance_type) or {})["VCpuInfo"]
    return {
        "CoreCount": known.get("DefaultCores", known["DefaultVCpus"]),
        "ThreadsPerCore": known.get("DefaultThreadsPerCore", 1),
    }


def _interface(backend: Backend, eni: t.Any) -> dict[str, t.Any]:
    public = {"PublicIp": eni.public_ip, "IpOwnerId": _ip_owner(backend, eni)} if eni.public_ip else None
    return {
        "NetworkInterfaceId": eni.id, "SubnetId": eni.subnet.id, "VpcId": eni.vpc_id, "OwnerId": backend.account_id,
        "Description": eni.description, "Status": "in-use", "MacAddress": eni.mac_address,
        "InterfaceType": eni.interface_type, "PrivateIpAddress": eni.private_ip_address,
        "PrivateDnsName": eni.private_dns_name, "SourceDestCheck": eni.source_dest_check in (True, "true"),
        "Groups": [{"GroupId": group.id, "GroupName": group.name} for group in eni._group_set],
        "Association": public, "Ipv6Addresses": [{"Ipv6Address": one} for one in eni.ipv6_addresses if one],
        "PrivateIpAddresses": [
            {"PrivateIpAddress": eni.private_ip_address, "PrivateDnsName": eni.private_dns_name, "Primary": True,
             "Association": public}
        ],
        "Attachment": {
            "AttachmentId": eni.attachment_id, "AttachTime": eni.attach_time, "DeviceIndex": eni.device_index,
            "DeleteOnTermination": bool(eni.delete_on_termination), "Status": "attached", "NetworkCardIndex": 0,
        },
    }  # fmt: skip


def _ip_owner(backend: Backend, eni: t.Any) -> str:
    return backend.account_id if any(one.public_ip == eni.public_ip for one in backend.addresses) else "amazon"


def _disk(device: str, mapping: t.Any) -> dict[str, t.Any]:
    ebs = {
        "VolumeId": mapping.volume_id, "Status": "attached", "AttachTime": mapping.attach_time,
        "DeleteOnTermination": bool(mapping.delete_on_termination),
    }  # fmt: skip
    return {"DeviceName": device, "Ebs": ebs}


def every(backend: Backend) -> list[t.Any]:
    """All instances that AWS still lists: those terminated long ago are gone for good."""
    oldest = now() - LISTED_AFTER_END
    return [
        one
        for reservation in backend.reservations.values()
        for one in reservation.instances
        if not (one.ended and one.ended < oldest)
    ]


def running(backend: Backend) -> list[t.Any]:
    """The instances that run now, for those who begin to listen after they were told of."""
    return [one for one in every(backend) if one.state == "running"]


INSTANCE = register(
    Kind(
        type="instance", prefix="i", missing=("InvalidInstanceID.NotFound", "instance ID"), id_key="InstanceId",
        objects=every, view=view,
        filters={
            "instance-id": "InstanceId", "image-id": "ImageId", "instance-type": "InstanceType",
            "instance-state-name": "State.Name", "instance-state-code": "State.Code", "architecture": "Architecture",
            "availability-zone": "Placement.AvailabilityZone", "availability-zone-id": "Placement.AvailabilityZoneId",
            "client-token": "ClientToken", "dns-name": "PublicDnsName", "private-dns-name": "PrivateDnsName",
            "ip-address": "PublicIpAddress", "private-ip-address": "PrivateIpAddress", "key-name": "KeyName",
            "iam-instance-profile.arn": "IamInstanceProfile.Arn", "iam-instance-profile.id": "IamInstanceProfile.Id",
            "instance-lifecycle": "InstanceLifecycle", "instance.group-id": "SecurityGroups[].GroupId",
            "instance.group-name": "SecurityGroups[].GroupName", "group-id": "SecurityGroups[].GroupId",
            "subnet-id": "SubnetId", "vpc-id": "VpcId", "root-device-type": "RootDeviceType",
            "metadata-options.http-tokens": "MetadataOptions.HttpTokens", "tenancy": "Placement.Tenancy",
            "block-device-mapping.volume-id": "BlockDeviceMappings[].Ebs.VolumeId",
            "network-interface.network-interface-id": "NetworkInterfaces[].NetworkInterfaceId",
            "network-interface.subnet-id": "NetworkInterfaces[].SubnetId",
            "network-interface.vpc-id": "NetworkInterfaces[].VpcId",
            "network-interface.group-id": "NetworkInterfaces[].Groups[].GroupId",
            "network-interface.addresses.private-ip-address":
                "NetworkInterfaces[].PrivateIpAddresses[].PrivateIpAddress",
        },
    )
)  # fmt: skip


@action
def describe_instances(response: Response) -> t.Any:
    if response._get_param("InstanceIds", []) and response._get_param("MaxResults"):
        refuse(
            "InvalidParameterCombination",
            "The parameter instancesSet cannot be used with the parameter maxResults",
        )
    result = describe(response, INSTANCE, "Instances", "InstanceIds").result
    return Ec2Result({
        "Reservations": reservations(response.ec2_backend, result["Instances"]), "NextToken": result.get("NextToken"),
    })  # fmt: skip


def reservations(backend: Backend, views: list[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
    """Instances in the reservations that they were launched with."""
    homes = {one.id: key for key, home in backend.reservations.items() for one in home.instances}
    grouped: dict[str, list[dict[str, t.Any]]] = {}
    for one in views:
        grouped.setdefault(homes[one["InstanceId"]], []).append(one)
    return [
        {"ReservationId": key, "OwnerId": backend.account_id, "Groups": [], "Instances": found}
        for key, found in grouped.items()
    ]
