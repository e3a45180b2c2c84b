"""A cluster of EKS on the embedded AWS, and one stack that puts things into it, for tests."""

from __future__ import annotations

import json
import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._ecs_stack import gathered
from ansible_collections.cloister.aws.plugins.module_utils._eks_inner import (
    ACCOUNT_KINDS,
    Inside,
    bring_accounts,
    bring_addons,
)
from ansible_collections.cloister.aws.plugins.module_utils._eks_inner_arguments import ACCOUNT, ADDON, ENTRY, RULE
from ansible_collections.cloister.aws.plugins.module_utils._kind import Found, Kind
from ansible_collections.cloister.aws.plugins.module_utils._names import Names
from ansible_collections.cloister.aws.plugins.module_utils._owner import Owner, tag_list
from ansible_collections.cloister.aws.plugins.module_utils._reconcile import Outcome, reconcile
from ansible_collections.cloister.aws.plugins.module_utils.kinds.cluster_rule import ClusterRule
from ansible_collections.cloister.aws.plugins.module_utils.kinds.eks_access_entry import EksAccessEntry
from ansible_collections.cloister.aws.plugins.module_utils.kinds.eks_addon import EksAddon

from lab.embedded_aws.client import EmbeddedAws
from tests.unit.module_utils.kinds.ecs_world import full

OWNER = Owner("us", "eks", {"owner": "platform"})
Entry = dict[str, t.Any]
ACCOUNT_ID = "123456789012"
ZONES = ("us-west-2a", "us-west-2b")
POLICY = "arn:aws:iam::aws:policy/"


def trusting(service: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def rule(**said: t.Any) -> Entry:
    return full({"reason": "kubectl from the operator", "group": "operator", "ports": ["443"], **said}, RULE)


def entry(**said: t.Any) -> Entry:
    return full({"name": "platform", **said}, ENTRY)


def account(**said: t.Any) -> Entry:
    plain = {"name": "ebs-csi", "namespace": "kube-system", "service_account": "ebs-csi-controller-sa"}
    return full({**plain, "reason": "Volumes for pods", **said}, ACCOUNT)


def addon(name: str, **said: t.Any) -> Entry:
    return full({"name": name, **said}, ADDON)


def told(outcome: Outcome) -> list[tuple[str, str, str]]:
    """Return what became of each member; raise what went wrong with one."""
    if outcome.errors:
        raise outcome.errors[0]
    return [(member.kind, member.part, member.action) for member in outcome.members]


class World:
    """A region with a cluster, and its lab."""

    def __init__(self, aws: Aws, lab: EmbeddedAws) -> None:
        self.aws, self.lab = aws, lab
        self.owner = OWNER
        self.vpc, self.people = "", ""
        self.subnets: list[str] = []
        self.groups: dict[str, str] = {}
        self.done = False

    def lay(self, cluster: str = "main") -> World:
        """Lay a network with the operator's security group, roles and a cluster."""
        tags = [{"ResourceType": "vpc", "Tags": tag_list(Owner("us", "network").tags_for("main"))}]
        made = self.aws.make("ec2", "create_vpc", CidrBlock="10.0.0.0/16", TagSpecifications=tags)
        self.vpc = made["Vpc"]["VpcId"]
        self.subnets = [
            self.aws.make(
                "ec2", "create_subnet", VpcId=self.vpc, AvailabilityZone=zone, CidrBlock=f"10.0.{number}.0/24"
            )["Subnet"]["SubnetId"]
            for number, zone in enumerate(ZONES)
        ]
        tags = [{"ResourceType": "security-group", "Tags": tag_list(Owner("us", "groups").tags_for("operator"))}]
        said = {"VpcId": self.vpc, "GroupName": "us-operator", "Description": "The operator"}
        made = self.aws.make("ec2", "create_security_group", **said, TagSpecifications=tags)
        self.groups["operator"] = made["GroupId"]
        self.role("cluster", "eks.amazonaws.com", "AmazonEKSClusterPolicy")
        self.begin(cluster)
        self.lab.clear_journal()
        return self

    def role(self, name: str, service: str, *policies: str) -> str:
        made = self.aws.make("iam", "create_role", RoleName=name, AssumeRolePolicyDocument=trusting(service))
        for policy in policies:
            self.aws.call("iam", "attach_role_policy", RoleName=name, PolicyArn=POLICY + policy)
        return str(made["Role"]["Arn"])

    def begin(self, cluster: str = "main", version: str = "1.33", self_managed: bool = False) -> None:
        """Make a cluster whose API is private and which lets nobody in for having made it."""
        network = {"subnetIds": self.subnets, "endpointPrivateAccess": True, "endpointPublicAccess": False}
        access = {"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": False}
        self.aws.make(
            "eks",
            "create_cluster",
            name=f"us-{cluster}",
            version=version,
            roleArn=f"arn:aws:iam::{ACCOUNT_ID}:role/cluster",
            resourcesVpcConfig=network,
            accessConfig=access,
            bootstrapSelfManagedAddons=self_managed,
        )

    def cluster(self) -> dict[str, t.Any]:
        return t.cast("dict[str, t.Any]", self.aws.call("eks", "describe_cluster", name="us-main")["cluster"])

    def rules(self, *entries: Entry, check: bool = False, ranges: dict[str, list[str]] | None = None) -> Outcome:
        inside = self._inside(check)
        return reconcile(ClusterRule(self.aws, OWNER), inside.rules(entries, ranges), check)

    def entries(self, *entries: Entry, check: bool = False) -> Outcome:
        inside = self._inside(check)
        return reconcile(inside.here(EksAccessEntry(self.aws, OWNER)), inside.entries(entries), check)

    def accounts(self, *accounts: Entry, check: bool = False, boundary: str = "") -> Outcome:
        kinds = [kind(self.aws, OWNER) for kind in ACCOUNT_KINDS]
        return gathered(bring_accounts(self._inside(check), kinds, accounts, boundary, check))

    def addons(
        self,
        *addons: Entry,
        accounts: t.Sequence[Entry] = (),
        nodes: bool = True,
        wait: bool = True,
        check: bool = False,
    ) -> Outcome:
        kind = EksAddon(self.aws, OWNER)
        kind.wait_seconds = 3
        outcome, self.done = bring_addons(self._inside(check), kind, addons, accounts, nodes, wait, check)
        return outcome

    def standing(self, kind: type[Kind]) -> dict[str, Found]:
        return {found.part: found for found in kind(self.aws, OWNER).find()}

    def fields(self, kind: type[Kind]) -> dict[str, dict[str, t.Any]]:
        return {part: kind(self.aws, OWNER).fields(found) for part, found in self.standing(kind).items()}

    def writes(self) -> list[str]:
        """Return what was written since the last time."""
        done = [line["action"] for line in self.lab.writes() if line["status"] < 400]
        self.lab.clear_journal()
        return done

    def _inside(self, check: bool) -> Inside:
        return Inside(self.aws, OWNER, Names(self.aws, "us", check), "main", check)
