# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import datetime
import functools
import typing as t

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


class Balancing:
    """A VPC in three zones with a way to the internet, and load balancing in it with one call for each part."""

    def __init__(self, ec2: t.Any, elb: t.Any, network: t.Any) -> None:
        self.ec2, self.elb, self.network = ec2, elb, network
        self.vpc = network.vpc()
        self.subnets = [network.subnet(self.vpc, f"10.0.{i}.0/24", f"us-west-2{zone}") for i, zone in enumerate("abc")]
        self.gateway = network.gateway(self.vpc)
        self.security_group = network.group(self.vpc)
        self._let_in()

    def _let_in(self) -> None:
        """Let the VPC's own addresses in to whatever has no group of its own: health checks must get through."""
        filters = [{"Name": "vpc-id", "Values": [self.vpc]}, {"Name": "group-name", "Values": ["default"]}]
        group = self.ec2.describe_security_groups(Filters=filters)["SecurityGroups"][0]["GroupId"]
        inside = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "10.0.0.0/16"}]}]
        self.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=inside)

    def balancer(self, name: str = "web", **more: t.Any) -> dict[str, t.Any]:
        """An application load balancer in two zones, unless `more` says otherwise."""
        places = {} if "SubnetMappings" in more else {"Subnets": self.subnets[:2]}
        groups = {} if more.get("Type") == "network" else {"SecurityGroups": [self.security_group]}
        made = self.elb.create_load_balancer(**{"Name": name, **places, **groups, **more})
        return t.cast("dict[str, t.Any]", made["LoadBalancers"][0])

    def network_balancer(self, name: str = "edge", **more: t.Any) -> dict[str, t.Any]:
        return self.balancer(name, Type="network", **more)

    def group(self, name: str = "app", **more: t.Any) -> str:
        """The ARN of a target group for addresses, over HTTP at port 8080."""
        given = {"Protocol": "HTTP", "Port": 8080, "VpcId": self.vpc, "TargetType": "ip", **more}
        return str(self.elb.create_target_group(Name=name, **given)["TargetGroups"][0]["TargetGroupArn"])

    def listener(self, balancer: str, action: dict[str, t.Any], port: int = 80, **more: t.Any) -> str:
        given = {"Protocol": "HTTP", "Port": port, "DefaultActions": [action], **more}
        return str(self.elb.create_listener(LoadBalancerArn=balancer, **given)["Listeners"][0]["ListenerArn"])

    def rule(self, listener: str, priority: int, action: dict[str, t.Any], **more: t.Any) -> str:
        given = {"Conditions": [{"Field": "path-pattern", "Values": ["/api/*"]}], "Actions": [action], **more}
        made = self.elb.create_rule(ListenerArn=listener, Priority=priority, **given)
        return str(made["Rules"][0]["RuleArn"])

    def interfaces(self, balancer: str) -> list[dict[str, t.Any]]:
        said = "ELB " + balancer.partition(":loadbalancer/")[2]
        filters = [{"Name": "description", "Values": [said]}]
        return t.cast("list[t.Any]", self.ec2.describe_network_interfaces(Filters=filters)["NetworkInterfaces"])

    def health(self, group: str, **more: t.Any) -> list[tuple[str, str, str]]:
        """(target id, state, reason) of each target."""
        rows = self.elb.describe_target_health(TargetGroupArn=group, **more)["TargetHealthDescriptions"]
        return [
            (row["Target"]["Id"], row["TargetHealth"]["State"], row["TargetHealth"].get("Reason", "")) for row in rows
        ]


@functools.cache
def certificate_and_key() -> tuple[bytes, bytes]:
    """A certificate of web.example.com that signs itself, and its key, as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "web.example.com")])
    today = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - datetime.timedelta(days=1))
        .not_valid_after(today + datetime.timedelta(days=90))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("web.example.com")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    form = serialization.PrivateFormat.PKCS8
    private = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    return made.public_bytes(serialization.Encoding.PEM), private


@pytest.fixture
def elb(client: t.Any) -> t.Any:
    return client("elbv2")


@pytest.fixture
def balancing(ec2: t.Any, elb: t.Any, network: t.Any) -> Balancing:
    return Balancing(ec2, elb, network)


@pytest.fixture
def certificate(client: t.Any) -> t.Callable[[], str]:
    """certificate(): the ARN of one more certificate imported to ACM."""

    def bring() -> str:
        public, private = certificate_and_key()
        made = client("acm").import_certificate(Certificate=public, PrivateKey=private)
        return str(made["CertificateArn"])

    return bring


@pytest.fixture
def fixed() -> dict[str, t.Any]:
    """An action that answers itself."""
    return {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404", "ContentType": "text/plain"}}


@pytest.fixture
def forward() -> t.Callable[[str], dict[str, t.Any]]:
    """forward(arn): an action that leads to a target group."""
    return lambda arn: {"Type": "forward", "TargetGroupArn": arn}
