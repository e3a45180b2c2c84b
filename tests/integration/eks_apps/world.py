"""A cluster on an embedded AWS and a Kubernetes API beside it, on which the role installs small charts of ours."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import typing as t
from dataclasses import dataclass
from pathlib import Path

from tests.integration.eks_apps.kubernetes_api import Api, Cluster
from tests.integration.playbook import ROOT, Region, Run
from tests.integration.rehearsal.neighbours import session

HERE = Path(__file__).parent
CHART = str(HERE / "charts/hello")
OWNED = {"cloister:region": "kr", "cloister:stack": "eks", "cloister:part": "main"}
CONTROLLER = "main-load-balancer-controller"
CONTROLLER_ROLE = "arn:{}:iam::444455556666:role/cloister/kr/eks/kr-main-load-balancer-controller"


@dataclass
class World:
    """The account, and the cluster's API."""

    region: Region
    api: Api

    @property
    def cluster(self) -> Cluster:
        """What the cluster holds."""
        return self.api.cluster

    def play(self, *arguments: str, server: str = "", **variables: t.Any) -> Run:
        """Run the role."""
        said = {"eks_apps_cluster": "main", "eks_apps_server": server, "eks_apps_wait_seconds": 20, **variables}
        return self.region.play(str(HERE / "apps.yml"), "-e", json.dumps(said), *arguments)

    def install(self, *arguments: str, **variables: t.Any) -> Run:
        """Run the role on the API, which must do what it is told."""
        run = self.play(*arguments, server=self.api.address, **variables)
        assert run.rc == 0, run.output
        return run

    def helm(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start Helm on the API, as the role does."""
        program = Path(sys.executable).with_name("helm")
        said = {**os.environ, "HELM_KUBEAPISERVER": self.api.address, "KUBECONFIG": os.devnull}
        return subprocess.Popen([program, *arguments], env=said, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def raised(scratch: Path) -> World:
    """Start an account with the cluster kr-main, and its API apart from it."""
    region = Region.raised(ROOT / "inventories/kr", scratch)
    client = session(region)
    ec2 = client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=f"ap-northeast-2{zone}")
        for number, zone in enumerate("ab")
    ]
    role = _role(client("iam"), "eks-cluster", "/", {"Service": "eks.amazonaws.com"}, {})
    client("iam").attach_role_policy(RoleName="eks-cluster", PolicyArn=_managed("AmazonEKSClusterPolicy"))
    client("eks").create_cluster(
        name="kr-main",
        version="1.33",
        roleArn=role,
        resourcesVpcConfig={"subnetIds": [made["Subnet"]["SubnetId"] for made in subnets]},
        tags=OWNED,
    )
    tokens = {"Federated": "arn:{}:iam::444455556666:oidc-provider/example".format("aws")}
    tags = {**OWNED, "cloister:part": CONTROLLER}
    _role(client("iam"), f"kr-{CONTROLLER}", "/cloister/kr/eks/", tokens, tags)
    return World(region, Api())


def _managed(name: str) -> str:
    return "arn:{}:iam::aws:policy/{}".format("aws", name)


def _role(iam: t.Any, name: str, path: str, principal: dict[str, str], tags: dict[str, str]) -> str:
    action = "sts:AssumeRoleWithWebIdentity" if "Federated" in principal else "sts:AssumeRole"
    trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Principal": principal}]}
    tagged = [{"Key": key, "Value": value} for key, value in tags.items()]
    made = iam.create_role(RoleName=name, Path=path, AssumeRolePolicyDocument=json.dumps(trust), Tags=tagged)
    return str(made["Role"]["Arn"])
