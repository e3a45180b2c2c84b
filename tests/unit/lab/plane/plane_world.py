# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A region by hand: a VPC in two zones, a network load balancer in front of two machines, and one for applications."""

from __future__ import annotations

import typing as t

from lab.plane import world

VPC, OTHER_VPC = "vpc-1", "vpc-2"
EDGE = "arn:aws-cn:elasticloadbalancing:r:1:loadbalancer/net/edge/aa11"
INNER = "arn:aws-cn:elasticloadbalancing:r:1:loadbalancer/app/inner/bb22"
PROXIES = "arn:aws-cn:elasticloadbalancing:r:1:targetgroup/proxies/cc33"
MODELS = "arn:aws-cn:elasticloadbalancing:r:1:targetgroup/models/dd44"
CERTIFICATE = "arn:aws-cn:acm:r:1:certificate/1234"
Json = dict[str, t.Any]


def interface(identifier: str, address: str, subnet: str, groups: t.Sequence[str] = (), **more: t.Any) -> Json:
    return {
        "NetworkInterfaceId": identifier, "VpcId": VPC, "SubnetId": subnet, "PrivateIpAddress": address,
        "AvailabilityZone": f"r{subnet[-1]}", "Groups": [{"GroupId": one} for one in groups], **more,
    }  # fmt: skip


def rule(first: int | None, last: int | None = None, protocol: str = "tcp", **peers: t.Any) -> Json:
    return {"IpProtocol": protocol, "FromPort": first, "ToPort": last or first, **peers}


def ranges(*cidrs: str) -> Json:
    return {"IpRanges": [{"CidrIp": one} for one in cidrs]}


def members(*groups: str) -> Json:
    return {"UserIdGroupPairs": [{"GroupId": one} for one in groups]}


def target(identifier: str, port: int, state: str = "healthy", zone: str | None = None) -> Json:
    shown = {"Id": identifier, "Port": port} | ({"AvailabilityZone": zone} if zone else {})
    return {"Target": shown, "TargetHealth": {"State": state}}


def pairs(**attributes: str) -> list[Json]:
    return [{"Key": key.replace("__", "."), "Value": value} for key, value in attributes.items()]


def forward(*groups: str, weights: t.Sequence[int] = ()) -> Json:
    weighed = [{"TargetGroupArn": arn, "Weight": one} for arn, one in zip(groups, weights or [1] * 9, strict=False)]
    return {"Type": "forward", "ForwardConfig": {"TargetGroups": weighed}}


def snapshot() -> Json:
    """The region; tests change what they look at."""
    return {
        "region": "r",
        "vpcs": [
            {"VpcId": VPC, "CidrBlock": "10.0.0.0/16", "EnableDnsSupport": True, "EnableDnsHostnames": True},
            {"VpcId": OTHER_VPC, "CidrBlock": "10.9.0.0/16", "EnableDnsSupport": True, "EnableDnsHostnames": True},
            {"VpcId": "vpc-0", "CidrBlock": "172.31.0.0/16", "IsDefault": True},
        ],
        "subnets": [
            {"SubnetId": "subnet-a", "VpcId": VPC, "CidrBlock": "10.0.1.0/24", "AvailabilityZone": "ra"},
            {"SubnetId": "subnet-b", "VpcId": VPC, "CidrBlock": "10.0.2.0/24", "AvailabilityZone": "rb"},
        ],
        "network_interfaces": [
            _foot("eni-1", "10.0.1.5", "subnet-a", "net/edge/aa11", "198.18.0.1"),
            _foot("eni-2", "10.0.2.5", "subnet-b", "net/edge/aa11", "198.18.0.2"),
            _foot("eni-3", "10.0.1.6", "subnet-a", "app/inner/bb22", ""),
            _machine("i-1", "10.0.1.10", "subnet-a"),
            _machine("i-2", "10.0.2.10", "subnet-b"),
        ],
        "security_groups": [
            {"GroupId": "sg-edge", "IpPermissions": [rule(443, **ranges("203.0.113.64/26"))]},
            {"GroupId": "sg-proxy", "IpPermissions": [rule(443, **members("sg-edge"))]},
        ],
        "load_balancers": [_edge(), _inner()],
        "target_groups": [_proxies(), _models()],
    }  # fmt: skip


def read(told: Json, certificates: Json | None = None, registrations: Json | None = None) -> world.World:
    return world.read([{"snapshot": told, "registrations": registrations or {}, "certificates": certificates or {}}])


def _foot(identifier: str, address: str, subnet: str, name: str, public: str) -> Json:
    more = {"Association": {"PublicIp": public}} if public else {}
    return interface(identifier, address, subnet, ["sg-edge"], Description=f"ELB {name}", **more)


def _machine(identifier: str, address: str, subnet: str) -> Json:
    attached = {"InstanceId": identifier, "DeviceIndex": 0}
    return interface(f"eni-{identifier}", address, subnet, ["sg-proxy"], Attachment=attached)


def _edge() -> Json:
    return {
        "LoadBalancerArn": EDGE, "Type": "network", "VpcId": VPC, "State": {"Code": "active"},
        "DNSName": "edge.elb.r.amazonaws.com", "Scheme": "internet-facing", "SecurityGroups": ["sg-edge"],
        "Attributes": pairs(load_balancing__cross_zone__enabled="false"),
        "Listeners": [{"Port": 443, "Protocol": "TCP", "DefaultActions": [forward(PROXIES)]}],
    }  # fmt: skip


def _inner() -> Json:
    return {
        "LoadBalancerArn": INNER, "Type": "application", "VpcId": VPC, "State": {"Code": "active"},
        "DNSName": "internal-inner.r.elb.amazonaws.com", "Scheme": "internal", "SecurityGroups": ["sg-edge"],
        "Attributes": pairs(load_balancing__cross_zone__enabled="true", idle_timeout__timeout_seconds="120"),
        "Listeners": [{
            "Port": 443, "Protocol": "HTTPS", "Certificates": [{"CertificateArn": CERTIFICATE}],
            "DefaultActions": [forward(MODELS)],
        }],
    }  # fmt: skip


def _proxies() -> Json:
    return {
        "TargetGroupArn": PROXIES, "Protocol": "TCP", "Port": 443, "TargetType": "instance", "LoadBalancerArns": [EDGE],
        "HealthCheckProtocol": "HTTP", "HealthCheckPort": "8081", "HealthCheckPath": "/health",
        "HealthCheckIntervalSeconds": 10, "HealthCheckTimeoutSeconds": 6, "HealthyThresholdCount": 3,
        "UnhealthyThresholdCount": 2, "Matcher": {"HttpCode": "200-399"},
        "Attributes": pairs(
            preserve_client_ip__enabled="true", deregistration_delay__timeout_seconds="300",
            load_balancing__cross_zone__enabled="use_load_balancer_configuration",
        ),
        "Targets": [target("i-1", 443), target("i-2", 443)],
    }  # fmt: skip


def _models() -> Json:
    return {
        "TargetGroupArn": MODELS, "Protocol": "HTTP", "Port": 8000, "TargetType": "ip", "LoadBalancerArns": [INNER],
        "HealthCheckProtocol": "HTTP", "HealthCheckPort": "traffic-port", "HealthCheckPath": "/health",
        "HealthCheckIntervalSeconds": 30, "HealthCheckTimeoutSeconds": 5, "HealthyThresholdCount": 5,
        "UnhealthyThresholdCount": 2, "Matcher": {"HttpCode": "200"},
        "Attributes": pairs(deregistration_delay__timeout_seconds="60"),
        "Targets": [target("10.0.2.30", 8000, zone="rb")],
    }  # fmt: skip
