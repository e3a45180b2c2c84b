# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the launch template of a node group says of a node: no more than EKS lets it say.

https://docs.aws.amazon.com/eks/latest/userguide/launch-templates.html: image, first boot and profile are EKS's,
types and subnets the node group's. A template that names security groups has to name the cluster's own too.
"""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._launch_data import TAGGED

# AMI types, and where the volume for images and pods lies: Bottlerocket has a second one for them.
# https://docs.aws.amazon.com/eks/latest/APIReference/API_Nodegroup.html
_AMAZON, _BOTTLEROCKET = "/dev/xvda", "/dev/xvdb"
AMI_TYPES: dict[str, str] = {
    "AL2023_x86_64_STANDARD": _AMAZON,
    "AL2023_ARM_64_STANDARD": _AMAZON,
    "AL2023_x86_64_NVIDIA": _AMAZON,
    "AL2023_ARM_64_NVIDIA": _AMAZON,
    "AL2023_x86_64_NEURON": _AMAZON,
    "BOTTLEROCKET_x86_64": _BOTTLEROCKET,
    "BOTTLEROCKET_ARM_64": _BOTTLEROCKET,
    "BOTTLEROCKET_x86_64_NVIDIA": _BOTTLEROCKET,
    "BOTTLEROCKET_ARM_64_NVIDIA": _BOTTLEROCKET,
}
_VOLUME = {
    "gib": "VolumeSize",
    "type": "VolumeType",
    "iops": "Iops",
    "throughput_mibps": "Throughput",
    "kms_key_arn": "KmsKeyId",
}


def data(group: t.Mapping[str, t.Any], security_groups: t.Iterable[str], tags: t.Mapping[str, str]) -> dict[str, t.Any]:
    """Return ``LaunchTemplateData``. There is no key pair, IMDSv2 is required, and the volume is encrypted."""
    volume = {theirs: group["root_volume"][ours] for ours, theirs in _VOLUME.items()}
    ebs = {"Encrypted": True, "DeleteOnTermination": True, **{key: said for key, said in volume.items() if said}}
    tagged = [{"Key": key, "Value": tags[key]} for key in sorted(tags)]
    return {
        "BlockDeviceMappings": [{"DeviceName": AMI_TYPES[group["ami_type"]], "Ebs": ebs}],
        "NetworkInterfaces": [
            {
                "DeviceIndex": 0,
                "AssociatePublicIpAddress": False,
                "DeleteOnTermination": True,
                "Groups": sorted(security_groups),
            }
        ],
        "MetadataOptions": {
            "HttpEndpoint": "enabled",
            "HttpTokens": "required",
            "HttpPutResponseHopLimit": group["metadata_hop_limit"],
        },
        "Monitoring": {"Enabled": group["detailed_monitoring"]},
        "TagSpecifications": [{"ResourceType": kind, "Tags": tagged} for kind in TAGGED],
    }
