# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What well-known controllers may do in AWS, as data: policies by the name of the controller.

Each is arranged anew from what its makers ask for, and says where that is written. Names in braces stand for the
place: ``{partition}``, ``{region}`` (of AWS), ``{account}``, ``{region_name}`` and ``{cluster}`` (the name in AWS). A
controller of which AWS keeps a policy itself takes that.
"""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._errors import InputError

Statement = dict[str, t.Any]


class Place(t.NamedTuple):
    """Where a policy holds."""

    partition: str
    region: str
    account: str
    region_name: str
    cluster: str


class PolicySet(t.NamedTuple):
    """What one controller may do, and the page that says so."""

    source: str
    managed: tuple[str, ...] = ()
    policies: tuple[dict[str, t.Any], ...] = ()


NOTHING = PolicySet("")
_ANY = ("*",)


def _says(sid: str, actions: str, resources: t.Sequence[str] = _ANY, **conditions: t.Any) -> Statement:
    """Return a statement; ``actions`` are ``service:Action Action``, services apart by semicolons."""
    named = []
    for group in actions.split(";"):
        service, _colon, names = group.strip().partition(":")
        named += [f"{service}:{name}" for name in names.split()]
    return {"sid": sid, "effect": "Allow", "actions": named, "resources": list(resources), "conditions": conditions}


def _own(name: str, *statements: Statement) -> tuple[dict[str, t.Any], ...]:
    return ({"name": name, "statements": list(statements)},)


_ELBV2 = "elbv2.k8s.aws/cluster"
# Of a request that carries the controller's tag, of a thing that carries it, and of a thing whose tag stays.
_TAGGING: dict[str, t.Any] = {"Null": {f"aws:RequestTag/{_ELBV2}": "false"}}
_TAGGED: dict[str, t.Any] = {"Null": {f"aws:ResourceTag/{_ELBV2}": "false"}}
_TAG_STAYS: dict[str, t.Any] = {"Null": {f"aws:RequestTag/{_ELBV2}": "true", f"aws:ResourceTag/{_ELBV2}": "false"}}
_GROUPS = ["arn:{partition}:ec2:*:*:security-group/*"]
_ELB = "arn:{partition}:elasticloadbalancing:*:*:"
_BALANCED = [f"{_ELB}targetgroup/*/*", f"{_ELB}loadbalancer/net/*/*", f"{_ELB}loadbalancer/app/*/*"]
_HEARD = [
    f"{_ELB}listener/net/*/*/*",
    f"{_ELB}listener/app/*/*/*",
    f"{_ELB}listener-rule/net/*/*/*",
    f"{_ELB}listener-rule/app/*/*/*",
]

_LOAD_BALANCER_CONTROLLER = PolicySet(
    "https://github.com/kubernetes-sigs/aws-load-balancer-controller/blob/main/docs/install/iam_policy.json",
    policies=_own(
        "load-balancer-controller",
        _says(
            "ServiceRole",
            "iam:CreateServiceLinkedRole",
            StringEquals={"iam:AWSServiceName": "elasticloadbalancing.amazonaws.com"},
        ),
        _says(
            "Look",
            "ec2:DescribeAccountAttributes DescribeAddresses DescribeAvailabilityZones DescribeInternetGateways "
            "DescribeVpcs DescribeVpcPeeringConnections DescribeSubnets DescribeSecurityGroups DescribeInstances "
            "DescribeNetworkInterfaces DescribeTags GetCoipPoolUsage DescribeCoipPools GetSecurityGroupsForVpc "
            "DescribeIpamPools DescribeRouteTables;"
            "elasticloadbalancing:DescribeLoadBalancers DescribeLoadBalancerAttributes DescribeListeners "
            "DescribeListenerCertificates DescribeSSLPolicies DescribeRules DescribeTargetGroups "
            "DescribeTargetGroupAttributes DescribeTargetHealth DescribeTags DescribeTrustStores "
            "DescribeListenerAttributes DescribeCapacityReservation",
        ),
        _says(
            "CertificatesAndShields",
            "cognito-idp:DescribeUserPoolClient; acm:ListCertificates DescribeCertificate;"
            "iam:ListServerCertificates GetServerCertificate;"
            "waf-regional:GetWebACL GetWebACLForResource AssociateWebACL DisassociateWebACL;"
            "wafv2:GetWebACL GetWebACLForResource AssociateWebACL DisassociateWebACL;"
            "shield:GetSubscriptionState DescribeProtection CreateProtection DeleteProtection",
        ),
        _says("Doors", "ec2:AuthorizeSecurityGroupIngress RevokeSecurityGroupIngress CreateSecurityGroup"),
        _says(
            "TagNewGroups",
            "ec2:CreateTags",
            _GROUPS,
            StringEquals={"ec2:CreateAction": "CreateSecurityGroup"},
            **_TAGGING,
        ),
        _says("TagGroups", "ec2:CreateTags DeleteTags", _GROUPS, **_TAG_STAYS),
        _says("DeleteGroups", "ec2:DeleteSecurityGroup", **_TAGGED),
        _says("Make", "elasticloadbalancing:CreateLoadBalancer CreateTargetGroup", **_TAGGING),
        _says(
            "Listen",
            "elasticloadbalancing:CreateListener DeleteListener CreateRule DeleteRule SetWebAcl ModifyListener "
            "AddListenerCertificates RemoveListenerCertificates ModifyRule SetRulePriorities",
        ),
        _says("Tag", "elasticloadbalancing:AddTags RemoveTags", _BALANCED, **_TAG_STAYS),
        _says("TagListeners", "elasticloadbalancing:AddTags RemoveTags", _HEARD),
        _says(
            "TagNew",
            "elasticloadbalancing:AddTags",
            _BALANCED,
            StringEquals={"elasticloadbalancing:CreateAction": ["CreateTargetGroup", "CreateLoadBalancer"]},
            **_TAGGING,
        ),
        _says(
            "Change",
            "elasticloadbalancing:ModifyLoadBalancerAttributes SetIpAddressType SetSecurityGroups SetSubnets "
            "DeleteLoadBalancer ModifyTargetGroup ModifyTargetGroupAttributes DeleteTargetGroup "
            "ModifyListenerAttributes ModifyCapacityReservation ModifyIpPools",
            **_TAGGED,
        ),
        _says("Targets", "elasticloadbalancing:RegisterTargets DeregisterTargets", [f"{_ELB}targetgroup/*/*"]),
    ),
)

# Scoped to the secrets and parameters whose names begin with the region's, as those of its services do.
_EXTERNAL_SECRETS = PolicySet(
    "https://external-secrets.io/latest/provider/aws-secrets-manager/ and .../aws-parameter-store/",
    policies=_own(
        "external-secrets",
        _says(
            "Secrets",
            "secretsmanager:GetResourcePolicy GetSecretValue DescribeSecret ListSecretVersionIds",
            ["arn:{partition}:secretsmanager:{region}:{account}:secret:{region_name}/*"],
        ),
        _says(
            "Parameters",
            "ssm:GetParameter GetParameters GetParametersByPath",
            ["arn:{partition}:ssm:{region}:{account}:parameter/{region_name}/*"],
        ),
    ),
)

_CLUSTER_AUTOSCALER = PolicySet(
    "https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/cloudprovider/aws/README.md",
    policies=_own(
        "cluster-autoscaler",
        _says(
            "Look",
            "autoscaling:DescribeAutoScalingGroups DescribeAutoScalingInstances DescribeLaunchConfigurations "
            "DescribeScalingActivities DescribeTags;"
            "ec2:DescribeImages DescribeInstanceTypes DescribeLaunchTemplateVersions "
            "GetInstanceTypesFromInstanceRequirements; eks:DescribeNodegroup",
        ),
        _says(
            "Scale",
            "autoscaling:SetDesiredCapacity TerminateInstanceInAutoScalingGroup",
            StringEquals={"aws:ResourceTag/k8s.io/cluster-autoscaler/{cluster}": "owned"},
        ),
    ),
)

_ZONES = ["arn:{partition}:route53:::hostedzone/*"]
_EXTERNAL_DNS = PolicySet(
    "https://kubernetes-sigs.github.io/external-dns/latest/docs/tutorials/aws/",
    policies=_own(
        "external-dns",
        _says("Change", "route53:ChangeResourceRecordSets ListResourceRecordSets ListTagsForResources", _ZONES),
        _says("Look", "route53:ListHostedZones"),
    ),
)
_CERT_MANAGER = PolicySet(
    "https://cert-manager.io/docs/configuration/acme/dns01/route53/",
    policies=_own(
        "cert-manager",
        _says("Wait", "route53:GetChange", ["arn:{partition}:route53:::change/*"]),
        _says("Prove", "route53:ChangeResourceRecordSets ListResourceRecordSets", _ZONES),
        _says("Look", "route53:ListHostedZonesByName"),
    ),
)


def _managed(page: str, name: str) -> PolicySet:
    return PolicySet(f"https://docs.aws.amazon.com/eks/latest/userguide/{page}.html", managed=(name,))


POLICY_SETS: t.Mapping[str, PolicySet] = {
    "cert_manager": _CERT_MANAGER,
    "cluster_autoscaler": _CLUSTER_AUTOSCALER,
    "ebs_csi": _managed("ebs-csi", "service-role/AmazonEBSCSIDriverPolicy"),
    "efs_csi": _managed("efs-csi", "service-role/AmazonEFSCSIDriverPolicy"),
    "external_dns": _EXTERNAL_DNS,
    "external_secrets": _EXTERNAL_SECRETS,
    "image_updater": _managed("security-iam-awsmanpol", "AmazonEC2ContainerRegistryReadOnly"),
    "load_balancer_controller": _LOAD_BALANCER_CONTROLLER,
    "vpc_cni": _managed("cni-iam-role", "AmazonEKS_CNI_Policy"),
}
"""By the name that ``policy_set`` of a service account takes."""


def rendered(name: str, place: Place) -> PolicySet:
    """Return a set with its place in it. Raise `InputError` for a name that there is not."""
    if name not in POLICY_SETS:
        raise InputError(f"there is no policy set {name}; there are: {', '.join(sorted(POLICY_SETS))}")
    known = POLICY_SETS[name]
    return known._replace(policies=tuple(_filled(policy, place._asdict()) for policy in known.policies))


def _filled(value: t.Any, place: t.Mapping[str, str]) -> t.Any:
    if isinstance(value, str):
        return value.format_map(place) if "{" in value else value
    if isinstance(value, t.Mapping):
        return {_filled(key, place): _filled(item, place) for key, item in value.items()}
    return [_filled(item, place) for item in value]
