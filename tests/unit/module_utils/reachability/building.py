"""Snapshots for tests: a builder that names things, and the region `us` as its inventory makes it."""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils.reachability.snapshot import Snapshot
from ansible_collections.cloister.aws.plugins.module_utils.reachability.vantage import Vantage

REGION = "us-west-2"
ACCOUNT = "111122223333"
OPEN = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
ACTIVE = {"State": "active"}
Made = dict[str, t.Any]


def tags(part: str) -> list[dict[str, str]]:
    return [{"Key": "cloister:part", "Value": part}, {"Key": "Name", "Value": f"us-{part}"}]


def rule(ports: int | tuple[int, int], *froms: str, protocol: str = "tcp") -> Made:
    """A permission: `froms` are ranges, groups and prefix lists."""
    first, last = (ports, ports) if isinstance(ports, int) else ports
    return {
        "IpProtocol": protocol, "FromPort": first, "ToPort": last,
        "IpRanges": [{"CidrIp": one} for one in froms if one[0].isdigit()],
        "Ipv6Ranges": [{"CidrIpv6": one} for one in froms if one.startswith(":")],
        "UserIdGroupPairs": [{"GroupId": one} for one in froms if one.startswith("sg-")],
        "PrefixListIds": [{"PrefixListId": one} for one in froms if one.startswith("pl-")],
    }  # fmt: skip


def entry(
    number: int, action: str, ports: tuple[int, int] | None = None, cidr: str = "0.0.0.0/0", **said: t.Any
) -> Made:
    """An entry of a network ACL, of both directions unless `Egress` is said."""
    span = {"Protocol": "6", "PortRange": {"From": ports[0], "To": ports[1]}} if ports else {"Protocol": "-1"}
    return {"RuleNumber": number, "RuleAction": action, "CidrBlock": cidr, "Egress": False, **span, **said}


class Building:
    """A snapshot in the making; ids follow from names: vpc-main, subnet-private-a, sg-guard."""

    def __init__(self) -> None:
        self.snapshot: Snapshot = {"region": REGION, "partition": "aws"}

    def add(self, kind: str, thing: Made) -> Made:
        t.cast("t.Any", self.snapshot).setdefault(kind, []).append(thing)
        return thing

    def get(self, kind: str, identifier: str) -> Made:
        """The thing with an id, to change it."""
        things = t.cast("t.Any", self.snapshot).get(kind, [])
        return next(one for one in things if identifier in (v for v in one.values() if isinstance(v, str)))

    def drop(self, kind: str, identifier: str) -> None:
        t.cast("t.Any", self.snapshot)[kind].remove(self.get(kind, identifier))

    def vpc(self, name: str, cidr: str) -> None:
        self.add("vpcs", {
            "VpcId": f"vpc-{name}", "CidrBlock": cidr, "OwnerId": ACCOUNT, "Tags": tags(name),
            "EnableDnsSupport": True, "EnableDnsHostnames": True,
        })  # fmt: skip
        gateway = {"InternetGatewayId": f"igw-{name}", "Attachments": [{"VpcId": f"vpc-{name}", "State": "available"}]}
        self.add("internet_gateways", gateway)

    def subnet(self, name: str, vpc: str, cidr: str, **routes: str) -> None:
        """A subnet with a table and an ACL of its own; routes are pairs of target and destination, such as igw_main."""
        identifier = f"subnet-{name}"
        self.add("subnets", {
            "SubnetId": identifier, "VpcId": f"vpc-{vpc}", "CidrBlock": cidr, "Tags": tags(name),
            "AvailabilityZone": f"{REGION}{name[-1]}",
        })  # fmt: skip
        vpc_cidr = self.get("vpcs", f"vpc-{vpc}")["CidrBlock"]
        local = {"DestinationCidrBlock": vpc_cidr, "GatewayId": "local", **ACTIVE}
        table = {"RouteTableId": f"rtb-{name}", "VpcId": f"vpc-{vpc}", "Tags": tags(name)}
        self.add("route_tables", {**table, "Associations": [{"SubnetId": identifier}], "Routes": [local]})
        for target, destination in routes.items():
            self.route(name, target.replace("_", "-"), destination)
        self.add("network_acls", {
            "NetworkAclId": f"acl-{name}", "VpcId": f"vpc-{vpc}", "Associations": [{"SubnetId": identifier}],
            "Entries": [entry(100, "allow"), entry(100, "allow", Egress=True), entry(32767, "deny"),
                        entry(32767, "deny", Egress=True)],
        })  # fmt: skip

    def route(self, subnet: str, target: str, destination: str) -> Made:
        keys = {"igw": "GatewayId", "nat": "NatGatewayId", "vpce": "GatewayId", "pcx": "VpcPeeringConnectionId"}
        keys |= {"tgw": "TransitGatewayId", "eni": "NetworkInterfaceId"}
        to = "DestinationPrefixListId" if destination.startswith("pl-") else "DestinationCidrBlock"
        made = {to: destination, keys[target.partition("-")[0]]: target, **ACTIVE}
        self.get("route_tables", f"rtb-{subnet}")["Routes"].append(made)
        return made

    def group(
        self, name: str, ingress: t.Sequence[Made] = (), egress: t.Sequence[Made] = (OPEN,), vpc: str = "main"
    ) -> None:
        self.add("security_groups", {
            "GroupId": f"sg-{name}", "GroupName": name, "VpcId": f"vpc-{vpc}", "Tags": tags(name),
            "IpPermissions": list(ingress), "IpPermissionsEgress": list(egress),
        })  # fmt: skip

    def interface(self, name: str, subnet: str, address: str, *groups: str, public: str = "", **said: t.Any) -> Made:
        vpc = self.get("subnets", f"subnet-{subnet}")["VpcId"]
        association = {"Association": {"PublicIp": public}} if public else {}
        return self.add("network_interfaces", {
            "NetworkInterfaceId": f"eni-{name}", "VpcId": vpc, "SubnetId": f"subnet-{subnet}",
            "PrivateIpAddress": address, "InterfaceType": "interface", "Description": "",
            "PrivateIpAddresses": [{"PrivateIpAddress": address, "Primary": True, **association}], **association,
            "Groups": [{"GroupId": f"sg-{one}"} for one in groups], **said,
        })  # fmt: skip

    def nat(self, name: str, subnet: str, public: str) -> None:
        self.add("nat_gateways", {
            "NatGatewayId": f"nat-{name}", "SubnetId": f"subnet-{subnet}", "State": "available",
            "VpcId": self.get("subnets", f"subnet-{subnet}")["VpcId"], "Tags": tags(name),
            "ConnectivityType": "public", "NatGatewayAddresses": [{"PublicIp": public}],
        })  # fmt: skip
        self.interface(f"nat-{name}", subnet, "10.0.1.5", public=public, InterfaceType="nat_gateway")

    def endpoint(self, service: str, *names: str, vpc: str = "main", **places: str) -> None:
        """An interface endpoint with its interfaces: `places` are pairs of subnet (with _) and address."""
        name = service.replace(".", "-")
        interfaces = [
            self.interface(
                f"{name}-{subnet}", subnet.replace("_", "-"), address, "endpoints", InterfaceType="vpc_endpoint"
            )
            for subnet, address in places.items()
        ]
        self.add("vpc_endpoints", {
            "VpcEndpointId": f"vpce-{name}", "VpcEndpointType": "Interface", "VpcId": f"vpc-{vpc}",
            "ServiceName": f"com.amazonaws.{REGION}.{service}", "State": "available", "PrivateDnsEnabled": True,
            "NetworkInterfaceIds": [one["NetworkInterfaceId"] for one in interfaces], "Tags": tags(name),
            "Groups": [{"GroupId": "sg-endpoints"}],
            "DnsEntries": [{"DnsName": one} for one in (f"vpce-{name}-x1.{REGION}.vpce.amazonaws.com", *names)],
        })  # fmt: skip

    def gateway_endpoint(self, service: str, *subnets: str) -> None:
        listed = {"PrefixListId": f"pl-{service}", "PrefixListName": f"com.amazonaws.{REGION}.{service}"}
        self.add("prefix_lists", {**listed, "Cidrs": ["52.218.128.0/17"]})
        self.add("vpc_endpoints", {
            "VpcEndpointId": f"vpce-{service}", "VpcEndpointType": "Gateway", "VpcId": "vpc-main", "State": "available",
            "ServiceName": f"com.amazonaws.{REGION}.{service}", "RouteTableIds": [f"rtb-{one}" for one in subnets],
        })  # fmt: skip
        for subnet in subnets:
            self.route(subnet, f"vpce-{service}", f"pl-{service}")

    def zone(self, name: str, *vpcs: str, **records: t.Any) -> Made:
        """A zone, public without VPCs; records are a list of values, or the name that an alias leads to."""
        found = []
        for label, said in records.items():
            full = f"{label.replace('_', '-').replace('STAR', chr(92) + '052')}.{name}."
            alias = {"AliasTarget": {"DNSName": f"{said}."}} if isinstance(said, str) else {}
            values = {} if alias else {"ResourceRecords": [{"Value": one} for one in said]}
            kind = "A" if alias or said[0][0].isdigit() else "CNAME"
            found.append({"Name": full, "Type": kind, **alias, **values})
        return self.add("hosted_zones", {
            "Id": f"Z{name.replace('.', '').upper()}", "Name": f"{name}.", "PrivateZone": bool(vpcs), "Records": found,
            "VPCs": [{"VPCId": f"vpc-{one}", "VPCRegion": REGION} for one in vpcs],
        })  # fmt: skip

    def balancer(
        self,
        name: str,
        group: str,
        *listeners: Made,
        scheme: str = "internal",
        kind: str = "application",
        **places: str,
    ) -> Made:
        """A load balancer; `places` are subnet (with _) = private address, with `/public` where it has one."""
        arn = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:loadbalancer/app/us-{name}/1a"
        for subnet, address in places.items():
            private, _, public = address.partition("/")
            self.interface(f"{name}-{subnet}", subnet.replace("_", "-"), private, *([group] if group else []),
                           public=public, Description=f"ELB app/us-{name}/1a", RequesterId="amazon-elb")  # fmt: skip
        return self.add("load_balancers", {
            "LoadBalancerArn": arn, "LoadBalancerName": f"us-{name}", "DNSName": f"{name}-1.{REGION}.elb.amazonaws.com",
            "Type": kind, "Scheme": scheme, "VpcId": "vpc-main", "State": {"Code": "active"},
            "SecurityGroups": [f"sg-{group}"], "Listeners": list(listeners), "Tags": tags(name),
        })  # fmt: skip

    def targets(self, name: str, port: int, *addresses: str, state: str = "healthy", **said: t.Any) -> str:
        arn = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:targetgroup/us-{name}/2b"
        self.add("target_groups", {
            "TargetGroupArn": arn, "TargetGroupName": f"us-{name}", "Port": port,
            "TargetType": "ip", "Protocol": "HTTP", "Targets": [
                {"Target": {"Id": one, "Port": port}, "TargetHealth": {"State": state}} for one in addresses
            ], **said,
        })  # fmt: skip
        return arn


def forward(port: int, arn: str, *rules: Made, protocol: str = "HTTP") -> Made:
    """A listener that forwards to a target group."""
    default = (
        {"Type": "forward", "TargetGroupArn": arn}
        if arn
        else {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}
    )
    return {
        "ListenerArn": f"listener-{port}",
        "Port": port,
        "Protocol": protocol,
        "DefaultActions": [default],
        "Rules": list(rules),
    }


def for_host(priority: int, host: str, arn: str, *paths: str) -> Made:
    """A listener rule for a host."""
    conditions: list[Made] = [{"Field": "host-header", "HostHeaderConfig": {"Values": [host]}}]
    conditions += [{"Field": "path-pattern", "PathPatternConfig": {"Values": list(paths)}}] if paths else []
    return {
        "Priority": str(priority),
        "Conditions": conditions,
        "Actions": [{"Type": "forward", "TargetGroupArn": arn}],
    }


GUARD = Vantage("vpc-main", "subnet-private-a", ("sg-guard",), "10.0.16.10")
FACE = Vantage("vpc-main", "subnet-private-b", ("sg-face",), "10.0.32.10")


def us() -> Building:
    """The region `us`: public ALB -> guard -> internal ALB -> face-generator, endpoints, one NAT gateway for no one."""
    made = Building()
    made.vpc("main", "10.0.0.0/16")
    made.subnet("public-a", "main", "10.0.1.0/24", igw_main="0.0.0.0/0")
    made.subnet("private-a", "main", "10.0.16.0/20")
    made.subnet("private-b", "main", "10.0.32.0/20")
    made.gateway_endpoint("s3", "private-a", "private-b")
    _groups(made)
    made.interface("guard", "private-a", "10.0.16.10", "guard")
    made.interface("face", "private-b", "10.0.32.10", "face")
    for number, (service, name) in enumerate(SERVICES.items()):
        made.endpoint(service, name, private_a=f"10.0.16.{100 + number}", private_b=f"10.0.32.{100 + number}")
    guard_public, guard_inner = (made.targets(f"guard-{one}", 8080, "10.0.16.10") for one in ("public", "inner"))
    face = made.targets("face", 8000, "10.0.32.10")
    outer = [forward(443, guard_public, protocol="HTTPS"), {**REDIRECT, "ListenerArn": "listener-80"}]
    made.balancer("public", "public-alb", *outer, scheme="internet-facing", public_a="10.0.1.20/203.0.113.20")
    inner = [
        for_host(10, "api.prod.infer.internal", face),
        for_host(20, "guard.prod.infer.internal", guard_inner, "/webhook"),
    ]
    made.balancer("internal", "internal-alb", forward(80, "", *inner), private_a="10.0.16.20", private_b="10.0.32.20")
    name = f"internal-1.{REGION}.elb.amazonaws.com"
    made.zone("prod.infer.internal", "main", api=name, guard=name)
    made.zone("infer.example.com", us=f"public-1.{REGION}.elb.amazonaws.com")
    return made


SERVICES = {
    "ecr.api": f"api.ecr.{REGION}.amazonaws.com",
    "ecr.dkr": f"*.dkr.ecr.{REGION}.amazonaws.com",
    "logs": f"logs.{REGION}.amazonaws.com",
    "secretsmanager": f"secretsmanager.{REGION}.amazonaws.com",
    "ssm": f"ssm.{REGION}.amazonaws.com",
}
REDIRECT: Made = {
    "Port": 80,
    "Protocol": "HTTP",
    "DefaultActions": [{"Type": "redirect", "RedirectConfig": {"Protocol": "HTTPS", "Port": "443"}}],
}


def _groups(made: Building) -> None:
    made.group("public-alb", [rule(443, "0.0.0.0/0"), rule(80, "0.0.0.0/0")], [rule(8080, "sg-guard")])
    into_aws = [rule(443, "10.0.0.0/16"), rule(443, "pl-s3")]
    guard_in = [rule(8080, "sg-public-alb"), rule(8080, "sg-internal-alb")]
    made.group("guard", guard_in, [rule(80, "sg-internal-alb"), *into_aws])
    made.group(
        "internal-alb", [rule(80, "sg-guard"), rule(80, "sg-face")], [rule(8000, "sg-face"), rule(8080, "sg-guard")]
    )
    made.group("face", [rule(8000, "sg-internal-alb")], [rule(80, "sg-internal-alb"), *into_aws])
    made.group("endpoints", [rule(443, "10.0.0.0/16")], [])
