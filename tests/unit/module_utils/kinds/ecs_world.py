"""A region with a network, roles, images and load balancers, and one stack of ECS services, for tests."""

from __future__ import annotations

import json
import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._ecs_arguments import CLUSTER, SERVICE, Options
from ansible_collections.cloister.aws.plugins.module_utils._ecs_secrets import Secrets
from ansible_collections.cloister.aws.plugins.module_utils._ecs_stack import gathered
from ansible_collections.cloister.aws.plugins.module_utils._kind import Found, Kind
from ansible_collections.cloister.aws.plugins.module_utils._names import Names
from ansible_collections.cloister.aws.plugins.module_utils._owner import Owner, tag_list
from ansible_collections.cloister.aws.plugins.module_utils._reconcile import Outcome
from ansible_collections.cloister.aws.plugins.module_utils._region_module import RegionModule
from ansible_collections.cloister.aws.plugins.module_utils.kinds.scaling_policy import ScalingPolicy
from ansible_collections.cloister.aws.plugins.modules import ecs_clusters, ecs_services, task_definitions

from lab.embedded_aws.client import EmbeddedAws

OWNER = Owner("us", "ecs", {"owner": "platform"})
Entry = dict[str, t.Any]
TAG, LATER = "prod-20260701-0930", "prod-20260702-0930"
ENDPOINTS = ("ecr.api", "ecr.dkr", "logs", "secretsmanager", "ssm", "ecs", "ecs-agent", "ecs-telemetry")
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
PULLING = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
SECRET, PARAMETER = "us/guard/webhook-key", "/us/guard/level"


def full(said: Entry, options: Options) -> Entry:
    """Return an entry with the defaults that a module's arguments give it, at all depths."""
    whole = {key: spec.get("default") for key, spec in options.items()} | said
    for key, spec in options.items():
        if "options" in spec and isinstance(whole[key], list):
            whole[key] = [full(one, spec["options"]) for one in whole[key]]
        elif "options" in spec and isinstance(whole[key], dict):
            whole[key] = full(whole[key], spec["options"])
    return whole


def container(**said: t.Any) -> Entry:
    return {"name": "guard", "image": {"repository": "guard", "tag": TAG}, "ports": [8080], **said}


def service(**said: t.Any) -> Entry:
    """Return a small service on Fargate."""
    plain = {"name": "guard", "cpu": 512, "memory_mib": 1024, "execution_role": "task-execution"}
    places = {"subnets": ["private-a", "private-b"], "security_groups": ["guard"], "containers": [container()]}
    return full({**plain, **places, **said}, SERVICE)


def cluster(**said: t.Any) -> Entry:
    return full({"name": "main", **said}, CLUSTER)


class Module:
    """What a module's `bring` asks of a `RegionModule`."""

    def __init__(self, aws: Aws, check: bool, **params: t.Any) -> None:
        self.aws, self.check, self.params, self.owner = aws, check, params, OWNER
        self.names = Names(aws, "us", check)

    def kind(self, kind: type[Kind]) -> Kind:
        return kind(self.aws, self.owner)


class World:
    """A region, its AWS and its lab."""

    def __init__(self, aws: Aws, lab: EmbeddedAws) -> None:
        self.aws, self.lab = aws, lab
        self.vpc = ""
        self.ids: dict[str, str] = {}
        self.definitions: dict[str, str] = {}
        self.clusters = [cluster()]

    def make(self, name: str, kind: str, action: str, stack: str = "network", **params: t.Any) -> dict[str, t.Any]:
        """Make a thing of EC2 with the tags of its stack."""
        tags = [{"ResourceType": kind, "Tags": tag_list(Owner("us", stack).tags_for(name))}]
        return t.cast("dict[str, t.Any]", self.aws.make("ec2", action, TagSpecifications=tags, **params))

    def lay(self, *without: str) -> World:
        """Lay two private subnets with every endpoint that a task needs but those named."""
        self.vpc = self.make("main", "vpc", "create_vpc", CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        self.aws.call("ec2", "modify_vpc_attribute", VpcId=self.vpc, EnableDnsHostnames={"Value": True})
        for letter, number in (("a", 1), ("b", 2)):
            zone, cidr = f"us-west-2{letter}", f"10.0.{number}.0/24"
            made = self.make(
                f"private-{letter}", "subnet", "create_subnet", VpcId=self.vpc, AvailabilityZone=zone, CidrBlock=cidr
            )
            self.ids[f"private-{letter}"] = made["Subnet"]["SubnetId"]
        for name in ("guard", "alb", "endpoints"):
            said = {"VpcId": self.vpc, "GroupName": f"us-{name}", "Description": name}
            made = self.make(name, "security-group", "create_security_group", "security_groups", **said)
            self.ids[name] = made["GroupId"]
        self._open("alb", 80), self._open("guard", 8080), self._open("endpoints", 443)
        for endpoint in ENDPOINTS:
            if endpoint not in without:
                self._endpoint(endpoint)
        if "s3" not in without:
            tables = self.aws.pages(
                "ec2", "describe_route_tables", "RouteTables", Filters=[{"Name": "vpc-id", "Values": [self.vpc]}]
            )
            self._endpoint("s3", tables[0]["RouteTableId"])
        self.lab.clear_journal()
        return self

    def _open(self, group: str, port: int) -> None:
        rule = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": "10.0.0.0/16"}]}
        self.aws.call("ec2", "authorize_security_group_ingress", GroupId=self.ids[group], IpPermissions=[rule])

    def _endpoint(self, name: str, table: str = "") -> None:
        inside = {
            "VpcEndpointType": "Interface",
            "SubnetIds": [self.ids["private-a"], self.ids["private-b"]],
            "SecurityGroupIds": [self.ids["endpoints"]],
            "PrivateDnsEnabled": True,
        }
        how = {"VpcEndpointType": "Gateway", "RouteTableIds": [table]} if table else inside
        self.aws.call(
            "ec2", "create_vpc_endpoint", VpcId=self.vpc, ServiceName=f"com.amazonaws.us-west-2.{name}", **how
        )

    def supply(self) -> World:
        """Bring roles, a repository with images, a secret and a parameter."""
        for name in ("task-execution", "guard-task"):
            tags, path = tag_list(Owner("us", "identity").tags_for(name)), "/cloister/us/identity/"
            role = {"RoleName": f"us-{name}", "Path": path, "AssumeRolePolicyDocument": json.dumps(TRUST)}
            self.aws.call("iam", "create_role", Tags=tags, **role)
            self.aws.call("iam", "attach_role_policy", RoleName=f"us-{name}", PolicyArn=PULLING)
        reading = ["secretsmanager:GetSecretValue", "ssm:GetParameters"]
        said = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": reading, "Resource": "*"}]}
        self.aws.call(
            "iam", "put_role_policy", RoleName="us-task-execution", PolicyName="s", PolicyDocument=json.dumps(said)
        )
        tags = tag_list(Owner("us", "registry").tags_for("guard"))
        self.aws.call("ecr", "create_repository", repositoryName="us/guard", tags=tags)
        self.lab.publish("us-west-2", images=[f"us/guard:{TAG}"], secrets={SECRET: ""}, parameters={PARAMETER: ""})
        self.lab.clear_journal()
        return self

    def balance(self, *names: str) -> World:
        """Put target groups behind an application load balancer."""
        arns = [self._target_group(name) for name in names]
        subnets = [self.ids["private-a"], self.ids["private-b"]]
        arn = self.aws.call(
            "elbv2", "create_load_balancer", Name="us-inner", Scheme="internal", Subnets=subnets,
            SecurityGroups=[self.ids["alb"]],
        )["LoadBalancers"][0]["LoadBalancerArn"]  # fmt: skip
        for number, group in enumerate(arns):
            forward = [{"Type": "forward", "TargetGroupArn": group}]
            self.aws.call(
                "elbv2", "create_listener", LoadBalancerArn=arn, Protocol="HTTP", Port=80 + number,
                DefaultActions=forward,
            )  # fmt: skip
        self.lab.clear_journal()
        return self

    def _target_group(self, name: str) -> str:
        tags = tag_list(Owner("us", "load_balancers").tags_for(name))
        made = self.aws.call(
            "elbv2", "create_target_group", Name=f"us-{name}", Protocol="HTTP", Port=8080, VpcId=self.vpc,
            TargetType="ip", Tags=tags,
        )  # fmt: skip
        self.ids[name] = made["TargetGroups"][0]["TargetGroupArn"]
        return self.ids[name]

    def make_clusters(self, *clusters: Entry, check: bool = False, purge: bool = True) -> Outcome:
        """Run the module ecs_clusters."""
        module = Module(self.aws, check, clusters=list(clusters), purge=purge, wait=True)
        return sound(gathered(ecs_clusters.bring(t.cast(RegionModule, module))))

    def define(self, *services: Entry, check: bool = False, purge: bool = True) -> Outcome:
        """Run the module task_definitions."""
        module = Module(self.aws, check, services=list(services), log_retention_days=30, purge=purge)
        secrets = Secrets(self.aws, check)
        outcome = sound(gathered(task_definitions.bring(t.cast(RegionModule, module), secrets)))
        self.definitions = outcome.ids
        return outcome

    def serve(self, *services: Entry, check: bool = False, wait_seconds: int = 20, **said: t.Any) -> Outcome:
        """Run the module ecs_services with what `define` has returned last."""
        params = {"cluster": "main", "namespace": None, "wait": True, "purge": True, "clusters": None, **said}
        module = Module(
            self.aws,
            check,
            services=list(services),
            task_definitions=self.definitions,
            wait_seconds=wait_seconds,
            **params,
        )
        return sound(gathered(ecs_services.bring(t.cast(RegionModule, module))))

    def run(self, *services: Entry, check: bool = False, **said: t.Any) -> Outcome:
        """Do what the role does, main and join; return all that became of it."""
        made = self.make_clusters(*self.clusters, check=check, purge=False)
        defined = self.define(*services, check=check, purge=False)
        joined = self.serve(*services, check=check, clusters=self.clusters, **said)
        return Outcome([*made.members, *defined.members, *joined.members])

    def standing(self, kind: type[Kind]) -> dict[str, Found]:
        """Return what the stack has of a kind, by name."""
        return {found.part: found for found in kind(self.aws, OWNER).find()}

    def raw(self, name: str = "guard") -> dict[str, t.Any]:
        """Return ECS's own description of a service."""
        answer = self.aws.call("ecs", "describe_services", cluster="us-main", services=[f"us-{name}"])
        return t.cast("dict[str, t.Any]", answer["services"][0])

    def scaling(self) -> dict[str, t.Any]:
        """Return the fields of each service's scaling."""
        kind = ScalingPolicy(self.aws, OWNER)
        return {found.part: kind.fields(found) for found in kind.find()}

    def actions(self) -> list[str]:
        """Return the actions that wrote something, in order."""
        return [write["action"].split(":")[-1] for write in self.lab.writes()]


def sound(outcome: Outcome) -> Outcome:
    """Raise what went wrong."""
    for error in outcome.errors:
        raise error
    return outcome


def told(outcome: Outcome) -> list[tuple[str, str, str]]:
    """Return what became of each thing that was not kept."""
    return [(one.kind, one.part, one.action) for one in outcome.members if one.action != "keep"]
