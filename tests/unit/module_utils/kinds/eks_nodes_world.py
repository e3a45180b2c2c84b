"""A network with a way out and the roles of EKS, in which clusters and nodes are made of plain entries, for tests."""

from __future__ import annotations

import typing as t

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._eks_arguments import CLUSTERS, FARGATE_PROFILES, NODE_GROUPS
from ansible_collections.cloister.aws.plugins.module_utils._eks_beginning import Beginner
from ansible_collections.cloister.aws.plugins.module_utils._eks_nodes import Asked, NodesMaker
from ansible_collections.cloister.aws.plugins.module_utils._eks_waiting import settle
from ansible_collections.cloister.aws.plugins.module_utils._iam_policy import text, trust
from ansible_collections.cloister.aws.plugins.module_utils._kind import Found
from ansible_collections.cloister.aws.plugins.module_utils._names import Names
from ansible_collections.cloister.aws.plugins.module_utils._node_templates import NodeTemplate
from ansible_collections.cloister.aws.plugins.module_utils._owner import Owner, tag_list
from ansible_collections.cloister.aws.plugins.module_utils._reconcile import Outcome
from ansible_collections.cloister.aws.plugins.module_utils.kinds import iam_role
from ansible_collections.cloister.aws.plugins.module_utils.kinds.cluster_log_group import ClusterLogGroup
from ansible_collections.cloister.aws.plugins.module_utils.kinds.eks_cluster import EksCluster
from ansible_collections.cloister.aws.plugins.module_utils.kinds.eks_fargate_profile import EksFargateProfile
from ansible_collections.cloister.aws.plugins.module_utils.kinds.eks_node_group import EksNodeGroup

from lab.embedded_aws.client import EmbeddedAws

OWNER = Owner("us", "eks", {"owner": "platform"})
NETWORK, IDENTITY = Owner("us", "network"), Owner("us", "identity")
PRIVATE = ("private-a", "private-b", "private-c")
ROLES = {
    "eks-cluster": ("eks", ["AmazonEKSClusterPolicy"]),
    "eks-node": (
        "ec2",
        ["AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy", "AmazonEC2ContainerRegistryPullOnly"],
    ),
    "fargate-pods": ("eks-fargate-pods", ["AmazonEKSFargatePodExecutionRolePolicy"]),
}
Entry = dict[str, t.Any]


def _checked(option: Entry, entry: Entry) -> Entry:
    result = ArgumentSpecValidator({"all": option}).validate({"all": [entry]})
    assert result.error_messages == []
    return t.cast(Entry, result.validated_parameters["all"][0])


def cluster(name: str = "main", **said: t.Any) -> Entry:
    """An entry of ``clusters``, as a module has it: with the defaults of what it leaves out."""
    entry: Entry = {"name": name, "version": "1.33", "role": "eks-cluster", "subnets": list(PRIVATE)}
    return _checked(CLUSTERS, {**entry, "logs": ["api", "audit"], "deletion_protection": False, **said})


def nodes(name: str = "apps", **said: t.Any) -> Entry:
    """An entry of ``node_groups``."""
    entry: Entry = {"name": name, "role": "eks-node", "subnets": list(PRIVATE), "instance_types": ["t3.large"]}
    return _checked(NODE_GROUPS, {**entry, "size": {"min": 1, "max": 3, "desired": 2}, **said})


def profile(name: str = "batch", **said: t.Any) -> Entry:
    """An entry of ``fargate_profiles``."""
    entry: Entry = {"name": name, "role": "fargate-pods", "subnets": list(PRIVATE)}
    return _checked(FARGATE_PROFILES, {**entry, "selectors": [{"namespace": name, "labels": {}}], **said})


class World:
    """The network and the roles; `begin`, `settle` and `run` are what the three modules do."""

    def __init__(self, aws: Aws, lab: EmbeddedAws) -> None:
        self.aws, self.lab = aws, lab
        self.notes: list[str] = []
        self.vpc = self.ec2("create_vpc", "vpc", "main", CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        for attribute in ("EnableDnsSupport", "EnableDnsHostnames"):
            aws.call("ec2", "modify_vpc_attribute", VpcId=self.vpc, **{attribute: {"Value": True}})
        self.subnets = {name: self.subnet(name, at) for at, name in enumerate((*PRIVATE, "public-a"))}
        self.groups = {name: self.group(name) for name in ("node", "other")}
        self.roles = {name: self.role(name, *said) for name, said in ROLES.items()}
        self._out()
        lab.clear_journal()

    def ec2(self, action: str, kind: str, name: str, owner: Owner = NETWORK, **params: t.Any) -> t.Any:
        said = [{"ResourceType": kind, "Tags": tag_list(owner.tags_for(name))}]
        return self.aws.make("ec2", action, TagSpecifications=said, **params)

    def subnet(self, name: str, number: int) -> str:
        where = {"CidrBlock": f"10.0.{number}.0/24", "AvailabilityZone": f"us-west-2{name[-1]}"}
        return str(self.ec2("create_subnet", "subnet", name, VpcId=self.vpc, **where)["Subnet"]["SubnetId"])

    def group(self, name: str) -> str:
        said = {"GroupName": f"us-{name}", "Description": name, "VpcId": self.vpc}
        return str(self.ec2("create_security_group", "security-group", name, **said)["GroupId"])

    def role(self, name: str, service: str, policies: t.Sequence[str]) -> str:
        said = {"Path": iam_role.path(IDENTITY), "Tags": tag_list(IDENTITY.tags_for(name))}
        trusted = text(trust([service], [], {}, [], "aws"))
        made = self.aws.make("iam", "create_role", RoleName=f"us-{name}", AssumeRolePolicyDocument=trusted, **said)
        for one in policies:
            arn = f"arn:aws:iam::aws:policy/{one}"
            self.aws.call("iam", "attach_role_policy", RoleName=f"us-{name}", PolicyArn=arn)
        return str(made["Role"]["Arn"])

    def _out(self) -> None:
        """A NAT gateway, and the default route to it for subnets that say nothing else."""
        gateway = self.aws.make("ec2", "create_internet_gateway")["InternetGateway"]["InternetGatewayId"]
        self.aws.call("ec2", "attach_internet_gateway", InternetGatewayId=gateway, VpcId=self.vpc)
        public = self.aws.make("ec2", "create_route_table", VpcId=self.vpc)["RouteTable"]["RouteTableId"]
        every = {"DestinationCidrBlock": "0.0.0.0/0"}
        self.aws.call("ec2", "create_route", RouteTableId=public, GatewayId=gateway, **every)
        self.aws.call("ec2", "associate_route_table", RouteTableId=public, SubnetId=self.subnets["public-a"])
        address = self.aws.make("ec2", "allocate_address", Domain="vpc")["AllocationId"]
        said = {"SubnetId": self.subnets["public-a"], "AllocationId": address}
        nat = self.aws.make("ec2", "create_nat_gateway", **said)["NatGateway"]["NatGatewayId"]
        which = [{"Name": "vpc-id", "Values": [self.vpc]}, {"Name": "association.main", "Values": ["true"]}]
        main = self.aws.pages("ec2", "describe_route_tables", "RouteTables", Filters=which)[0]["RouteTableId"]
        self.aws.call("ec2", "create_route", RouteTableId=main, NatGatewayId=nat, **every)

    def begin(self, *clusters: Entry, check: bool = False) -> Outcome:
        """Do what the module ``eks_clusters`` does; raise what went wrong with a member."""
        kinds = ClusterLogGroup(self.aws, OWNER), EksCluster(self.aws, OWNER)
        outcome, self.notes = Beginner(*kinds, Names(self.aws, "us", check), check).begin(clusters)
        return _sound(outcome)

    def settle(self, *clusters: Entry, check: bool = False) -> Outcome:
        """Do what the module ``eks_clusters_settled`` does."""
        kind = EksCluster(self.aws, OWNER)
        return _sound(settle(kind, {one["name"]: one["version"] for one in clusters}, check))

    def run(
        self, *groups: Entry, profiles: t.Sequence[Entry] = (), version: str = "1.33", check: bool = False
    ) -> Outcome:
        """Do what the module ``eks_node_groups`` does for the cluster main."""
        kinds = (
            EksCluster(self.aws, OWNER),
            NodeTemplate(self.aws, OWNER),
            EksNodeGroup(self.aws, OWNER),
            EksFargateProfile(self.aws, OWNER),
        )
        maker = NodesMaker(*kinds, Names(self.aws, "us", check), check)
        return _sound(maker.make(Asked("main", version, groups, profiles)))

    def stand(self, **said: t.Any) -> Entry:
        """Let the cluster main stand, with the network that nodes need to join."""
        entry = cluster(**said)
        self.begin(entry)
        self.settle(entry)
        self.aws.call("eks", "create_addon", clusterName="us-main", addonName="vpc-cni")
        self.lab.clear_journal()
        return entry

    def cluster(self, name: str = "us-main") -> Entry:
        return t.cast(Entry, self.aws.call("eks", "describe_cluster", name=name)["cluster"])

    def nodes(self, name: str = "apps") -> Entry:
        said = {"clusterName": "us-main", "nodegroupName": name}
        return t.cast(Entry, self.aws.call("eks", "describe_nodegroup", **said)["nodegroup"])

    def template(self, name: str = "main-apps") -> Found:
        return next(found for found in NodeTemplate(self.aws, OWNER).find() if found.part == name)

    def writes(self) -> list[str]:
        """Return what was written since this was asked last; what the lab does by itself is not among it."""
        done = [write["action"].split(":")[-1] for write in self.lab.writes()]
        self.lab.clear_journal()
        return done


def _sound(outcome: Outcome) -> Outcome:
    for error in outcome.errors:
        raise error
    return outcome


def plan(outcome: Outcome) -> list[tuple[str, str, str]]:
    """What becomes of whom."""
    return [(member.kind, member.part, member.action) for member in outcome.members]


def fields(outcome: Outcome) -> list[str]:
    """The fields that change, of all members together."""
    return sorted(change["field"] for member in outcome.members for change in member.changes)
