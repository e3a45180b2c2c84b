# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A network, roles and a cluster in the embedded AWS, for tests of its EKS."""

from __future__ import annotations

import json
import typing as t

ACCOUNT, REGION = "123456789012", "us-west-2"
POLICY = "arn:aws:iam::aws:policy/"
NODE_POLICIES = ("AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy", "AmazonEC2ContainerRegistryReadOnly")
ZONES = ("us-west-2a", "us-west-2b", "us-west-2c")
Json = dict[str, t.Any]


def trust(service: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


class World:
    """A VPC with three private subnets and the way out of a NAT gateway, and the roles that EKS takes."""

    def __init__(self, client: t.Any, network: t.Any, out: bool = True) -> None:
        self.client, self.ec2, self.eks, self.iam = client, client("ec2"), client("eks"), client("iam")
        self.vpc = network.vpc()
        self.subnets = [network.subnet(self.vpc, f"10.0.{at + 10}.0/24", zone) for at, zone in enumerate(ZONES)]
        self.cluster_role = self.role("cluster", "eks.amazonaws.com", "AmazonEKSClusterPolicy")
        self.node_role = self.role("node", "ec2.amazonaws.com", *NODE_POLICIES)
        if out:
            self._out(network)

    def _out(self, network: t.Any) -> None:
        public = network.subnet(self.vpc, "10.0.1.0/24", ZONES[0])
        gateway = network.gateway(self.vpc)
        table = self.ec2.create_route_table(VpcId=self.vpc)["RouteTable"]["RouteTableId"]
        self.ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
        self.ec2.associate_route_table(RouteTableId=table, SubnetId=public)
        nat = network.nat(public)
        main = self.ec2.describe_route_tables(Filters=[{"Name": "association.main", "Values": ["true"]},
                                                       {"Name": "vpc-id", "Values": [self.vpc]}])  # fmt: skip
        main_id = main["RouteTables"][0]["RouteTableId"]
        self.ec2.create_route(RouteTableId=main_id, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat)

    def role(self, name: str, service: str, *policies: str) -> str:
        made = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust(service))["Role"]["Arn"]
        for one in policies:
            self.iam.attach_role_policy(RoleName=name, PolicyArn=POLICY + one)
        return str(made)

    def cluster(self, name: str = "main", **more: t.Any) -> Json:
        """Make a cluster in the three subnets, its API private, its access by entries."""
        network = {"subnetIds": self.subnets, "endpointPrivateAccess": True, "endpointPublicAccess": False}
        given: Json = {
            "name": name, "version": "1.33", "roleArn": self.cluster_role,
            "resourcesVpcConfig": {**network, **more.pop("network", {})},
            "accessConfig": {"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": False},
            **more,
        }  # fmt: skip
        return t.cast("Json", self.eks.create_cluster(**given)["cluster"])

    def described(self, name: str = "main") -> Json:
        return t.cast("Json", self.eks.describe_cluster(name=name)["cluster"])

    def nodegroup(self, name: str = "apps", **more: t.Any) -> Json:
        """Make a node group of two machines in the three subnets."""
        given: Json = {
            "clusterName": "main", "nodegroupName": name, "nodeRole": self.node_role, "subnets": self.subnets,
            "scalingConfig": {"minSize": 1, "maxSize": 3, "desiredSize": 2}, **more,
        }  # fmt: skip
        return t.cast("Json", self.eks.create_nodegroup(**given)["nodegroup"])

    def group(self, name: str = "apps", cluster: str = "main") -> Json:
        return t.cast("Json", self.eks.describe_nodegroup(clusterName=cluster, nodegroupName=name)["nodegroup"])

    def template(self, data: Json, name: str = "nodes") -> str:
        """Make a launch template; its id."""
        made = self.ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData=data)
        return str(made["LaunchTemplate"]["LaunchTemplateId"])

    def interfaces(self, name: str = "main") -> list[Json]:
        """What the cluster's control plane holds in the subnets."""
        wanted = [{"Name": "description", "Values": [f"Amazon EKS {name}"]}]
        return t.cast("list[Json]", self.ec2.describe_network_interfaces(Filters=wanted)["NetworkInterfaces"])
