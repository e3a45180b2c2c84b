# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A region with a network load balancer, one for applications, names and three machines, two of which are there."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import threading
import time
import typing as t
from collections.abc import Callable
from pathlib import Path

from lab.embedded_aws.client import EmbeddedAws
from lab.nodes import follow, image, network
from lab.nodes.docker import docker
from lab.plane import Plane, client, name_server, ways
from lab.plane.places import CHECKERS, network_name
from tests.clients import Clients

REGION = "us-west-2"
PARTNER, STRANGER, PARTNERS = "203.0.113.70", "203.0.113.9", "203.0.113.64/26"
LONGEST_SECONDS = 30
HURRY = 60.0
AMI = "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
Json = dict[str, t.Any]


class PlaneRegion:
    """The region, with its plane; `machines` are instances by name: a, b, and c without a container."""

    def __init__(self, aws: EmbeddedAws, server: str) -> None:
        self.aws, self.server = aws, server
        self.ec2, self.elb, self.dns, self.acm = map(Clients(aws.environment), ("ec2", "elbv2", "route53", "acm"))
        self.cidr = next(cidr for n in range(200, 250) if not network.taken(cidr := f"10.{n}.0.0/16"))
        self.machines: dict[str, str] = {}
        self.groups: dict[str, str] = {}
        self.plane = Plane(aws, server, HURRY, lambda _: None)
        self.broken: Exception | None = None
        self.watchers: list[subprocess.Popen[bytes]] = []
        self._over, self._looking = threading.Event(), threading.Thread(target=self._look)

    def build(self) -> None:
        self._ground()
        self._edge()
        self._inner()
        self._names()

    def _ground(self) -> None:
        base = self.cidr.rpartition(".0.0/")[0]
        self.vpc = self.ec2.create_vpc(CidrBlock=self.cidr)["Vpc"]["VpcId"]
        self.ec2.modify_vpc_attribute(VpcId=self.vpc, EnableDnsHostnames={"Value": True})
        self.subnets = [
            self.ec2.create_subnet(VpcId=self.vpc, CidrBlock=f"{base}.{n}.0/24", AvailabilityZone=f"{REGION}{zone}")[
                "Subnet"
            ]["SubnetId"]
            for n, zone in ((1, "a"), (2, "b"))
        ]
        gateway = self.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        self.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=self.vpc)
        table = self.ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [self.vpc]}])["RouteTables"][0]
        self.ec2.create_route(RouteTableId=table["RouteTableId"], DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
        self.balancers = self._group("balancers", [80, 81, 443], IpRanges=[{"CidrIp": PARTNERS}, {"CidrIp": self.cidr}])
        self.app = self._group("app", [80, 81, 8081, 8082], UserIdGroupPairs=[{"GroupId": self.balancers}])
        for name, subnet in (("a", 0), ("b", 1), ("c", 1)):
            made = self.ec2.run_instances(
                ImageId=AMI, InstanceType="t3.micro", MinCount=1, MaxCount=1, SubnetId=self.subnets[subnet],
                SecurityGroupIds=[self.app],
            )  # fmt: skip
            self.machines[name] = made["Instances"][0]["InstanceId"]

    def _group(self, name: str, ports: list[int], **peers: t.Any) -> str:
        group = self.ec2.create_security_group(GroupName=name, Description=name, VpcId=self.vpc)["GroupId"]
        rules = [{"IpProtocol": "tcp", "FromPort": port, "ToPort": port, **peers} for port in ports]
        self.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=rules)
        return str(group)

    def _edge(self) -> None:
        self.kept = [self.ec2.allocate_address(Domain="vpc") for _ in self.subnets]
        mappings = [
            {"SubnetId": subnet, "AllocationId": one["AllocationId"]}
            for subnet, one in zip(self.subnets, self.kept, strict=True)
        ]
        self.edge = self._balancer("edge", Type="network", SubnetMappings=mappings)
        check = {"HealthCheckProtocol": "HTTP", "HealthCheckPort": "8081", "HealthCheckPath": "/health"}
        check |= {"HealthCheckIntervalSeconds": 10, "HealthyThresholdCount": 2, "UnhealthyThresholdCount": 2}
        self._targets("plain", 80, "instance", ["a", "b", "c"], Protocol="TCP", **check)
        self._targets("proxied", 81, "ip", ["a", "b"], Protocol="TCP", **{**check, "HealthCheckPort": "8082"})
        self.attributes("proxied", **{"proxy_protocol_v2.enabled": "true"})
        self.attributes("plain", **{"load_balancing.cross_zone.enabled": "true"})
        self._listener(self.edge, 80, "TCP", [self._to("plain")])
        self._listener(self.edge, 81, "TCP", [self._to("proxied")])

    def _inner(self) -> None:
        self.inner = self._balancer("inner", Scheme="internal", Subnets=self.subnets)
        self._targets("http", 80, "instance", ["a", "b"], Protocol="HTTP", HealthCheckPath="/health")
        issued = self.aws.issue(["models.infer.example.internal"])
        arn = self.acm.import_certificate(
            Certificate=issued["certificate"], PrivateKey=issued["private_key"], CertificateChain=issued["chain"]
        )["CertificateArn"]
        unknown = {
            "Type": "fixed-response",
            "FixedResponseConfig": {"StatusCode": "404", "MessageBody": "no such host"},
        }
        secure = self._listener(self.inner, 443, "HTTPS", [unknown], Certificates=[{"CertificateArn": arn}])
        host = [{"Field": "host-header", "Values": ["models.infer.example.internal"]}]
        self.elb.create_rule(ListenerArn=secure, Priority=10, Conditions=host, Actions=[self._to("http")])
        redirect = {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}
        self._listener(self.inner, 80, "HTTP", [{"Type": "redirect", "RedirectConfig": redirect}])

        self._targets(
            "through", 443, "alb", [], Protocol="TCP", HealthCheckProtocol="HTTPS", Matcher={"HttpCode": "404"}
        )
        inner = [{"Id": self.inner["LoadBalancerArn"]}]
        self.elb.register_targets(TargetGroupArn=self.groups["through"], Targets=inner)
        self._listener(self.edge, 443, "TCP", [self._to("through")])

    def _names(self) -> None:
        public = self.dns.create_hosted_zone(Name="infer.example.com", CallerReference="1")["HostedZone"]["Id"]
        values = [{"Value": one["PublicIp"]} for one in self.kept]
        self._record(public, Name="partner.infer.example.com", Type="A", TTL=60, ResourceRecords=values)
        private = self.dns.create_hosted_zone(
            Name="infer.example.internal", CallerReference="2", VPC={"VPCRegion": REGION, "VPCId": self.vpc}
        )["HostedZone"]["Id"]
        for zone, one in zip("ab", self.kept, strict=True):
            config = {
                "IPAddress": one["PublicIp"],
                "Port": 82,
                "Type": "TCP",
                "RequestInterval": 30,
                "FailureThreshold": 3,
            }
            check = self.dns.create_health_check(CallerReference=f"check {zone}", HealthCheckConfig=config)
            told = {"HealthCheckId": check["HealthCheck"]["Id"], "SetIdentifier": zone, "MultiValueAnswer": True}
            values = [{"Value": one["PublicIp"]}]
            self._record(public, Name="alive.infer.example.com", Type="A", TTL=60, ResourceRecords=values, **told)
        alias = {"HostedZoneId": self.inner["CanonicalHostedZoneId"], "EvaluateTargetHealth": False}
        alias["DNSName"] = self.inner["DNSName"]
        self._record(private, Name="models.infer.example.internal", Type="A", AliasTarget=alias)

    def _record(self, zone: str, **record: t.Any) -> None:
        change = {"Action": "CREATE", "ResourceRecordSet": record}
        self.dns.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": [change]})

    def _balancer(self, name: str, **more: t.Any) -> Json:
        made = self.elb.create_load_balancer(Name=name, SecurityGroups=[self.balancers], **more)
        return t.cast("Json", made["LoadBalancers"][0])

    def _targets(self, name: str, port: int, kind: str, machines: list[str], **more: t.Any) -> None:
        made = self.elb.create_target_group(Name=name, Port=port, VpcId=self.vpc, TargetType=kind, **more)
        self.groups[name] = made["TargetGroups"][0]["TargetGroupArn"]
        ids = [self.address(one) if kind == "ip" else self.machines[one] for one in machines]
        if ids:
            self.elb.register_targets(TargetGroupArn=self.groups[name], Targets=[{"Id": one} for one in ids])

    def _to(self, group: str) -> Json:
        return {"Type": "forward", "TargetGroupArn": self.groups[group]}

    def _listener(self, balancer: Json, port: int, protocol: str, actions: list[Json], **more: t.Any) -> str:
        made = self.elb.create_listener(
            LoadBalancerArn=balancer["LoadBalancerArn"], Port=port, Protocol=protocol, DefaultActions=actions, **more
        )
        return str(made["Listeners"][0]["ListenerArn"])

    # What tests do and ask

    def listener_too(self, port: int) -> None:
        """Let the edge listen on one port more, unless it does."""
        if "more" in self.groups:
            return
        let_in = [{"CidrIp": PARTNERS}, {"CidrIp": CHECKERS}]
        rule = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": let_in}
        self.ec2.authorize_security_group_ingress(GroupId=self.balancers, IpPermissions=[rule])
        self._targets("more", 80, "instance", ["b"], Protocol="TCP")
        self._listener(self.edge, port, "TCP", [self._to("more")])

    def attributes(self, group: str, **wanted: str) -> None:
        pairs = [{"Key": key, "Value": value} for key, value in wanted.items()]
        self.elb.modify_target_group_attributes(TargetGroupArn=self.groups[group], Attributes=pairs)

    def address(self, machine: str) -> str:
        found = self.ec2.describe_instances(InstanceIds=[self.machines[machine]])
        return str(found["Reservations"][0]["Instances"][0]["PrivateIpAddress"])

    def health(self, group: str) -> dict[str, Json]:
        """What AWS says of each machine's target."""
        told = self.elb.describe_target_health(TargetGroupArn=self.groups[group])["TargetHealthDescriptions"]
        names = {self.machines[one]: one for one in self.machines} | {self.address(one): one for one in self.machines}
        return {names[one["Target"]["Id"]]: one["TargetHealth"] for one in told}

    def container(self, machine: str) -> str:
        return f"plane-test-{machine}-{self.server}"

    def start_machine(self, machine: str) -> None:
        """Put a container with the stand-in in an instance's place, which knows the plane as machines do."""
        code = Path(__file__).with_name("stand_in.py").read_text()
        name = self.container(machine)
        docker(
            "run", "--detach", "--init", f"--name={name}", f"--label=cloister.lab.server={self.server}",
            f"--network={network_name(self.vpc)}", f"--ip={self.address(machine)}", "--cap-add=NET_ADMIN",
            image.ensure(), "python3", "-c", code, machine,
        )  # fmt: skip
        routes = "; ".join(f"ip route replace {one}" for one in ways(self.cidr))
        resolver = f"echo nameserver {name_server(self.cidr)} >/etc/resolv.conf"
        docker(
            "exec",
            "-i",
            name,
            "sh",
            "-euc",
            f"{routes}; {resolver}; cat >>{client.BUNDLE}",
            stdin=self.aws.authority().encode(),
        )

    def inside(self, machine: str, *argv: str) -> subprocess.CompletedProcess[bytes]:
        """What a program says on a machine."""
        return subprocess.run(["docker", "exec", self.container(machine), *argv], capture_output=True, timeout=60)

    def outside(self, *argv: str, address: str = PARTNER) -> subprocess.CompletedProcess[bytes]:
        return client.run(self.server, argv, address)

    def answering(self, url: str, times: int = 12) -> list[str]:
        """Which machines answer a client that connects so often; "" for each time that nobody does."""
        script = f"for i in $(seq {times}); do curl -s --max-time 3 {url} || true; echo; done"
        said = self.outside("sh", "-c", script).stdout.decode().splitlines()
        return [json.loads(line)["name"] if line else "" for line in said]

    def watching(self, url: str) -> subprocess.Popen[bytes]:
        """A client that connects again and again until it is ended, and says when, and what it was answered.

        It has connected once by now, which it says no more.
        """
        script = f"while :; do printf '%s ' $(date +%s.%N); curl -s --max-time 3 {url}; echo; done"
        # Unbuffered, so that what is read here takes nothing of what follows.
        how: Json = {"stdout": subprocess.PIPE, "bufsize": 0, "start_new_session": True}
        begun = client.enter(self.server, ["sh", "-c", script], **how)
        self.watchers.append(begun)
        t.cast("t.IO[bytes]", begun.stdout).readline()
        return begun

    def stream(self, url: str) -> subprocess.Popen[bytes]:
        """A client that reads for eight seconds; it is a program of this machine's in the client's network."""
        return client.enter(self.server, ["curl", "-sSN", url], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def asked(self, url: str, address: str = PARTNER) -> Json:
        """What a machine tells a client who asks it once."""
        done = self.outside("curl", "-sS", "--max-time", "5", url, address=address)
        assert done.returncode == 0, done.stderr.decode()
        return t.cast("Json", json.loads(done.stdout))

    def begin(self) -> None:
        """Let the plane look all the time, as the lab's background does."""
        self.plane.look()
        self._looking.start()

    def _look(self) -> None:
        try:
            while not self._over.wait(0.1):
                self.plane.look()
        except Exception as broken:
            self.broken = broken
            raise

    def until(self, true: Callable[[], t.Any], seconds: float = LONGEST_SECONDS) -> t.Any:
        """Wait until something is so."""
        end = time.monotonic() + seconds
        while not (found := true()):
            assert self.broken is None, self.broken
            assert time.monotonic() < end, f"not so after {seconds} s: {self.health('plain')}"
            time.sleep(0.1)
        return found

    def end(self) -> None:
        for one in self.watchers:
            if one.poll() is None:
                os.killpg(one.pid, signal.SIGKILL)
        self._over.set()
        if self._looking.is_alive():
            self._looking.join()
        self.plane.end()
        follow.sweep(self.server)
        with contextlib.suppress(Exception):
            self.aws.stop()
