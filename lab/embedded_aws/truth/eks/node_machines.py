# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a node group stands on: a launch template, an instance profile and an Auto Scaling group of EKS's own making.

https://docs.aws.amazon.com/eks/latest/userguide/managed-node-groups.html. The caller's launch template is copied into
EKS's own with what nodes need beside it; with no security groups of its own it gets the cluster's.
"""

from __future__ import annotations

import base64
import typing as t

from lab.embedded_aws.truth.autoscaling import checks as scaling_checks
from lab.embedded_aws.truth.autoscaling import scaling
from lab.embedded_aws.truth.autoscaling.group import DEFAULTS, Group
from lab.embedded_aws.truth.ec2 import launch_templates, tags
from lab.embedded_aws.truth.ec2.base import forget
from lab.embedded_aws.truth.ecs.grants import role
from lab.embedded_aws.truth.eks import node_images
from lab.embedded_aws.truth.eks.base import Body, ec2_of
from lab.embedded_aws.truth.eks.nodegroup import Nodegroup

TAGGED = ("instance", "volume", "network-interface")
ROOT_DEVICE, ROOT_GIB = "/dev/xvda", 20


def own_tags(group: Nodegroup) -> dict[str, str]:
    name = group.cluster.name
    return {
        "eks:cluster-name": name, "eks:nodegroup-name": group.name, f"kubernetes.io/cluster/{name}": "owned",
        f"k8s.io/cluster-autoscaler/{name}": "owned", "k8s.io/cluster-autoscaler/enabled": "true",
    }  # fmt: skip


def make(group: Nodegroup, data: Body) -> None:
    """Make all three and let the machines come; `data` is that of the caller's launch template."""
    ec2, iam = ec2_of(group.cluster.backend), _iam(group)
    profile = iam.create_instance_profile(group.made_name, "/", [role(group.cluster.backend, group.role).name], [])
    profile.made_by = group
    template = launch_templates.Template(ec2, group.made_name, template_data(group, data), "", {})
    template.made_by = group
    ec2.launch_templates[template.id] = template
    ec2.launch_template_name_to_ids[template.name] = template.id
    tags.put(ec2, template.id, {"eks:cluster-name": group.cluster.name, "eks:nodegroup-name": group.name})
    made = _scaling(group, source(group, template))
    made.backend.autoscaling_groups[made.name] = made
    scaling.tend(made)


def _iam(group: Nodegroup) -> t.Any:
    from moto.iam.models import iam_backends

    return iam_backends[group.cluster.backend.account_id][group.cluster.backend.partition]


def _scaling(group: Nodegroup, given: Body) -> Group:
    from moto.autoscaling.models import autoscaling_backends

    backend = group.cluster.backend
    rows = [{"Key": key, "Value": value, "PropagateAtLaunch": True} for key, value in own_tags(group).items()]
    settings = {
        **DEFAULTS, "MinSize": group.sizes["minSize"], "MaxSize": group.sizes["maxSize"],
        "DesiredCapacity": group.sizes["desiredSize"], "VPCZoneIdentifier": ",".join(group.subnets),
        "HealthCheckGracePeriod": 15, "CapacityRebalance": True,
        "TerminationPolicies": ["AllocationStrategy", "OldestLaunchTemplate", "OldestInstance"],
    }  # fmt: skip
    made = Group(autoscaling_backends[backend.account_id][backend.region_name], group.scaling_name, settings, rows)
    made.settings.update(scaling_checks.completed(made, given))
    made.made_by = group  # type: ignore[attr-defined]
    return made


def source(group: Nodegroup, template: t.Any) -> Body:
    """What the Auto Scaling group launches: the latest version of EKS's template, in any of the types."""
    spot = group.capacity == "SPOT"
    spec = {"LaunchTemplateId": template.id, "Version": str(template.versions[-1].number)}
    return {
        "MixedInstancesPolicy": {
            "LaunchTemplate": {
                "LaunchTemplateSpecification": spec,
                "Overrides": [{"InstanceType": one} for one in group.kinds],
            },
            "InstancesDistribution": {
                "OnDemandAllocationStrategy": "prioritized", "OnDemandBaseCapacity": 0,
                "OnDemandPercentageAboveBaseCapacity": 0 if spot else 100,
                "SpotAllocationStrategy": "price-capacity-optimized",
            },
        }
    }  # fmt: skip


def template_data(group: Nodegroup, data: Body) -> Body:
    """The caller's data under EKS's own."""
    made = {key: value for key, value in data.items() if key not in ("InstanceType", "TagSpecifications", "UserData")}
    made["IamInstanceProfile"] = {"Name": group.made_name}
    if not group.own_image:
        region = group.cluster.backend.region_name
        made["ImageId"] = node_images.image(region, group.ami_type, group.version, group.release)
    if not _has_groups(data):
        made["SecurityGroupIds"] = [group.cluster.security_group]
        _into_interfaces(made)
    made.setdefault("MetadataOptions", {"HttpTokens": "required", "HttpPutResponseHopLimit": 2})
    if not made.get("BlockDeviceMappings"):
        disk = {"VolumeSize": group.disk or ROOT_GIB, "VolumeType": "gp3", "DeleteOnTermination": True}
        made["BlockDeviceMappings"] = [{"DeviceName": ROOT_DEVICE, "Ebs": disk}]
    given = {one["ResourceType"]: one.get("Tags") or [] for one in data.get("TagSpecifications") or []}
    own = [{"Key": f"eks:{key}-name", "Value": value}
           for key, value in (("cluster", group.cluster.name), ("nodegroup", group.name))]  # fmt: skip
    made["TagSpecifications"] = [{"ResourceType": kind, "Tags": [*given.get(kind, []), *own]} for kind in TAGGED]
    made["UserData"] = data.get("UserData") if group.own_image else user_data(group, data.get("UserData"))
    return {key: value for key, value in made.items() if value is not None}


def _has_groups(data: Body) -> bool:
    nics = data.get("NetworkInterfaces") or []
    return bool(data.get("SecurityGroupIds") or any(one.get("Groups") for one in nics))


def _into_interfaces(made: Body) -> None:
    """Groups beside interfaces are not allowed: they go into the first one."""
    nics = made.get("NetworkInterfaces")
    if nics:
        groups = made.pop("SecurityGroupIds")
        made["NetworkInterfaces"] = [{**nics[0], "Groups": groups}, *nics[1:]]


def user_data(group: Nodegroup, given: str | None) -> str:
    """A MIME document with the node's configuration, and with the caller's parts after it."""
    cluster = group.cluster
    config = (
        "apiVersion: node.eks.aws/v1alpha1\nkind: NodeConfig\nspec:\n  cluster:\n"
        f"    name: {cluster.name}\n    apiServerEndpoint: {cluster.endpoint}\n"
        f"    certificateAuthority: {cluster.certificate[:64]}\n"
        f"    cidr: {cluster.kubernetes_network['serviceIpv4Cidr']}\n"
    )
    head = 'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="//"\n\n--//\n'
    text = f"{head}Content-Type: application/node.eks.aws\n\n---\n{config}\n--//--\n"
    more = base64.b64decode(given).decode("utf-8", "replace") if given else ""
    return base64.b64encode((text + more).encode()).decode()


def is_mime(text: str | None) -> bool:
    """Whether user data may be merged with EKS's own."""
    if not text:
        return True
    return (
        base64.b64decode(text).decode("utf-8", "replace").lstrip().lower().startswith(("mime-version", "content-type"))
    )


def unmake(group: Nodegroup) -> None:
    """Take away the template and the profile; the Auto Scaling group is gone by then."""
    ec2, template = ec2_of(group.cluster.backend), group.made_template
    if template is not None:
        del ec2.launch_templates[template.id]
        ec2.launch_template_name_to_ids.pop(template.name, None)
        forget(ec2, template.id)
    _iam(group).instance_profiles.pop(group.made_name, None)
