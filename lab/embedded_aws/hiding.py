# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Eventual consistency on demand: a new id stays unseen for its first calls, by reads and by writes alike."""

from __future__ import annotations

import threading
import xml.etree.ElementTree as ET

from lab.embedded_aws import hiding_eks
from lab.embedded_aws.call import Call
from lab.embedded_aws.errors import error
from lab.embedded_aws.http_server import Answer

# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
NOT_FOUND = {
    "vpc": "InvalidVpcID.NotFound", "subnet": "InvalidSubnetID.NotFound", "igw": "InvalidInternetGatewayID.NotFound",
    "eipalloc": "InvalidAllocationID.NotFound", "nat": "NatGatewayNotFound", "rtb": "InvalidRouteTableID.NotFound",
    "rtbassoc": "InvalidAssociationID.NotFound", "sg": "InvalidGroup.NotFound",
    "sgr": "InvalidSecurityGroupRuleId.NotFound", "vpce": "InvalidVpcEndpointId.NotFound",
    "fl": "InvalidFlowLogId.NotFound", "pcx": "InvalidVpcPeeringConnectionID.NotFound",
    "eni": "InvalidNetworkInterfaceID.NotFound", "i": "InvalidInstanceID.NotFound",
    "vpce-svc": "InvalidVpcEndpointServiceId.NotFound",
    "vol": "InvalidVolume.NotFound", "pl": "InvalidPrefixListID.NotFound", "lt": "InvalidLaunchTemplateId.NotFound",
}  # fmt: skip

# Some actions spell the code in a way of their own.
_OF_ENDPOINTS = {
    "vpc": "InvalidVpcId.NotFound", "subnet": "InvalidSubnetId.NotFound", "sg": "InvalidSecurityGroupId.NotFound",
    "rtb": "InvalidRouteTableId.NotFound",
}  # fmt: skip
_OF_ROUTES = {"nat": "InvalidNatGatewayID.NotFound"}
_OF_BALANCERS = {
    "subnet": "SubnetNotFound", "sg": "InvalidSecurityGroup", "eipalloc": "AllocationIdNotFound",
    "vpc": "ValidationError", "i": "InvalidTarget",
}  # fmt: skip
SPELT_OTHERWISE = {
    "CreateLoadBalancer": _OF_BALANCERS, "SetSubnets": _OF_BALANCERS, "SetSecurityGroups": _OF_BALANCERS,
    "CreateTargetGroup": _OF_BALANCERS, "RegisterTargets": _OF_BALANCERS,
    "CreateVpcEndpoint": _OF_ENDPOINTS, "ModifyVpcEndpoint": _OF_ENDPOINTS, "CreateRoute": _OF_ROUTES,
    "ReplaceRoute": _OF_ROUTES,
}  # fmt: skip

# Of load balancing, by what stands in the ARN.
BALANCING = {
    ":loadbalancer/": "LoadBalancerNotFound", ":targetgroup/": "TargetGroupNotFound",
    ":listener/": "ListenerNotFound", ":listener-rule/": "RuleNotFound",
}  # fmt: skip

# The element that holds a listed thing's own id.
OWN_ID = {
    "DescribeVpcs": "vpcId", "DescribeSubnets": "subnetId", "DescribeInternetGateways": "internetGatewayId",
    "DescribeAddresses": "allocationId", "DescribeNatGateways": "natGatewayId", "DescribeTags": "resourceId",
    "DescribeRouteTables": "routeTableId", "DescribeSecurityGroups": "groupId",
    "DescribeSecurityGroupRules": "securityGroupRuleId", "DescribeVpcEndpoints": "vpcEndpointId",
    "DescribeFlowLogs": "flowLogId", "DescribeVpcPeeringConnections": "vpcPeeringConnectionId",
    "DescribeNetworkInterfaces": "networkInterfaceId", "DescribeInstances": "instanceId",
    "DescribeInstanceStatus": "instanceId", "DescribeVolumes": "volumeId",
    "DescribeManagedPrefixLists": "prefixListId", "DescribeVpcEndpointServiceConfigurations": "serviceId",
    "DescribeLaunchTemplates": "launchTemplateId", "DescribeLaunchTemplateVersions": "launchTemplateId",
    "ListRoles": "RoleName", "ListPolicies": "Arn",
    "ListInstanceProfiles": "InstanceProfileName", "ListHostedZones": "Id", "ListHostedZonesByName": "Id",
    "DescribeLoadBalancers": "LoadBalancerArn", "DescribeTargetGroups": "TargetGroupArn",
    "DescribeListeners": "ListenerArn", "DescribeRules": "RuleArn",
    "DescribeDBInstances": "DBInstanceIdentifier", "DescribeDBSubnetGroups": "DBSubnetGroupName",
    "DescribeDBParameterGroups": "DBParameterGroupName",
}  # fmt: skip

# Of RDS, by the parameter that names it: what has no id is hidden by its name, of one kind and not of the others.
RDS_NOT_FOUND = {
    "DBInstanceIdentifier": "DBInstanceNotFound", "DBSubnetGroupName": "DBSubnetGroupNotFoundFault",
    "DBParameterGroupName": "DBParameterGroupNotFound",
}  # fmt: skip
RDS_NAMES = {
    "CreateDBInstance": "DBInstanceIdentifier", "CreateDBSubnetGroup": "DBSubnetGroupName",
    "CreateDBParameterGroup": "DBParameterGroupName",
}  # fmt: skip

# What services say of a role that they do not see yet.
LATE_ROLES = {
    "lambda": ("InvalidParameterValueException", "The role defined for the function cannot be assumed by Lambda."),
    "scheduler": (
        "ValidationException",
        "The execution role you provide must allow AWS EventBridge Scheduler to assume the role.",
    ),
    "cloudtrail": (
        "InvalidCloudWatchLogsRoleArnException",
        "Access denied. Check the trust relationships for your role.",
    ),
}

IAM_NAMES = {"CreateRole": "RoleName", "CreateInstanceProfile": "InstanceProfileName"}


class Hiding:
    """Ids made while hiding is on, each with the number of calls it is still unseen for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls = 0
        self._prefixes: tuple[str, ...] = ()
        self._left: dict[str, int] = {}

    def start(self, calls: int, prefixes: list[str] | None = None) -> None:
        """Hide what is made from now on for `calls` calls; only ids that begin so, when prefixes are given."""
        with self._lock:
            self._calls, self._prefixes = calls, tuple(prefixes or ())

    def clear(self) -> None:
        with self._lock:
            self._calls = 0
            self._left.clear()

    def made(self, call: Call, ids: list[str]) -> None:
        """Begin to hide what `call` made."""
        if not self._calls or call.service not in ("ec2", "iam", "route53", "elasticloadbalancing", "rds", "eks"):
            return
        if call.service == "eks":
            ids = hiding_eks.made(call)
        if call.service == "elasticloadbalancing":
            ids = [value for value in ids if ":elasticloadbalancing:" in value]
        if call.service == "rds":
            ids = [f"{key}={call.fields[key]}" for key in [RDS_NAMES.get(call.action)] if key]
        if call.service == "iam":
            name = call.fields.get(IAM_NAMES.get(call.action, ""))
            ids = [name] if name else [value for value in ids if ":policy/" in value]
        with self._lock:
            for value in ids:
                if not self._prefixes or value.startswith(self._prefixes):
                    self._left[value] = self._calls

    def refuse(self, call: Call) -> Answer | None:
        """The NotFound answer for a call that names a hidden id, else None."""
        if not self._left:
            return None
        named = [_own_name(call, value) for value in _direct(call)]
        with self._lock:
            hidden = list(dict.fromkeys(value for value in named if value in self._left))
            for value in hidden:
                self._spend(value)
        return _not_found(call, hidden[0]) if hidden else None

    def filter(self, call: Call, answer: Answer) -> Answer:
        """`answer` without the hidden things it lists."""
        own = OWN_ID.get(call.action)
        if self._left and call.service == "eks" and answer.status < 400:
            return self._filter_eks(call, answer)
        if not self._left or own is None or answer.status >= 400:
            return answer
        root = ET.fromstring(answer.body)  # noqa: S314 - our own server wrote it
        with self._lock:
            spent = {value for parent in root.iter() for value in self._prune(parent, own)}
            for value in spent:
                self._spend(value)
        if not spent:
            return answer
        namespace = root.tag.partition("}")[0].strip("{") if "}" in root.tag else ""
        ET.register_namespace("", namespace)
        return Answer(answer.status, answer.headers, ET.tostring(root, xml_declaration=True, encoding="utf-8"))

    def _filter_eks(self, call: Call, answer: Answer) -> Answer:
        with self._lock:
            kept, spent = hiding_eks.filtered(call, answer, set(self._left))
            for value in spent:
                self._spend(value)
        return kept

    def _prune(self, parent: ET.Element, own: str) -> list[str]:
        spent = []
        for item in list(parent):
            for child in item:
                if child.tag.rpartition("}")[2] != own:
                    continue
                text = (child.text or "").removeprefix("/hostedzone/")
                value = f"{own}={text}" if own in RDS_NOT_FOUND else text
                if value in self._left:
                    parent.remove(item)
                    spent.append(value)
                    break
        return spent

    def _spend(self, value: str) -> None:
        self._left[value] -= 1
        if self._left[value] <= 0:
            del self._left[value]


def _own_name(call: Call, value: str) -> str:
    """The id or name that a value stands for: paths of zones end with it, and so do the ARNs of roles."""
    last = call.service == "route53" or (call.service in (*LATE_ROLES, "eks") and ":role/" in value)
    return value.rpartition("/")[2] if last else value


def _direct(call: Call) -> list[str]:
    """Values named as such; values of filters are left to `filter`."""
    named = [value for key, value in call.fields.items() if not key.startswith("Filter")]
    if call.service == "eks":
        named += hiding_eks.named(call)
    return named + [
        f"{key}={call.fields[key]}" for key in RDS_NOT_FOUND if call.service == "rds" and key in call.fields
    ]


def _not_found(call: Call, hidden: str) -> Answer:
    if call.service == "iam":
        return error(call, "NoSuchEntity", f"{hidden} cannot be found.", 404)
    if call.service == "eks":
        return hiding_eks.not_found(call, hidden)
    if call.service in LATE_ROLES:
        return error(call, *LATE_ROLES[call.service])
    if call.service == "route53":
        return error(call, "NoSuchHostedZone", f"No hosted zone found with ID: {hidden}", 404)
    if call.service == "elasticloadbalancing" and hidden.startswith("arn:"):
        code = next(code for part, code in BALANCING.items() if part in hidden)
        return error(call, code, f"'{hidden}' not found")
    if call.service == "rds":
        name, equals, value = hidden.partition("=")
        if equals:
            return error(call, RDS_NOT_FOUND[name], f"{name} not found: {value}", 404)
        what = (
            "Some input subnets in :[{}] are invalid."
            if name.startswith("subnet-")
            else "Invalid security group , groupId= {}, groupName=."
        )
        return error(call, "InvalidParameterValue", what.format(hidden))
    prefix = hidden.rpartition("-")[0]
    code = SPELT_OTHERWISE.get(call.action, {}).get(prefix) or NOT_FOUND.get(prefix, "InvalidParameterValue")
    return error(call, code, f"The ID '{hidden}' does not exist")
