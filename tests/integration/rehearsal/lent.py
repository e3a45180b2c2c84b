"""What others made and an inventory names: a network to adopt, a zone, policies, a key, and a partner's account.

The partner's VPC gets a peering request and is authorised for a zone; the partner lets our VPCs see a zone of its own,
each as soon as it is there: who owns a zone has to name the VPC, which has no id before.
"""

from __future__ import annotations

import json
import shutil
import threading
import typing as t
from datetime import UTC, datetime
from pathlib import Path

import yaml
from ansible_collections.cloister.aws.plugins.module_utils import _x509

from tests.integration.playbook import Region
from tests.integration.rehearsal.neighbours import session, settled

PARTNER = "333344445555"
Client = t.Callable[[str], t.Any]


class Partner(threading.Thread):
    """Somebody in another account, who authorises each new VPC of ours for the zone that is lent."""

    def __init__(self, region: Region, client: Client, zone: str) -> None:
        super().__init__(daemon=True)
        self._region, self._client, self._zone = region, client, zone
        self._since = max(write["sequence"] for write in region.lab.writes())
        self._ended = threading.Event()

    def run(self) -> None:
        """Look for new VPCs until it is told to end."""
        seen = self._since
        while not self._ended.wait(0.1):
            for write in self._region.lab.writes(seen):
                seen = write["sequence"]
                for vpc in [name for name in write["made"] if write["action"] == "CreateVpc"]:
                    place = {"VPCRegion": self._region.settings["region_aws_region"], "VPCId": vpc}
                    self._client("route53").create_vpc_association_authorization(HostedZoneId=self._zone, VPC=place)

    def end(self) -> None:
        """Stop, so that the embedded AWS can be stopped."""
        self._ended.set()
        self.join()


def borrowed(inventory: Path, scratch: Path) -> Path:
    """Return a copy of an inventory, into which `lend` may write."""
    return Path(shutil.copytree(inventory, scratch / inventory.name))


def lend(region: Region) -> tuple[list[dict[str, t.Any]], Partner]:
    """Make what the inventory names, write its ids into group_vars/all/lent.yml, return all of it and the partner."""
    ours, theirs = session(region), session(region, PARTNER)
    aws_region = region.settings["region_aws_region"]
    before = {thing["id"] for thing in region.lab.holdings()}
    ids: dict[str, t.Any] = {
        "partner_account": PARTNER,
        **_network(ours("ec2"), f"{aws_region}a"),
        **_policies(ours("iam")),
    }
    partner_vpc = theirs("ec2").create_vpc(CidrBlock="10.99.0.0/16")["Vpc"]["VpcId"]
    ids |= {
        "zone": _zone(ours, "corp.example.internal", aws_region, ids["vpc"]),
        "partner_vpc": partner_vpc,
        "partner_zone": _zone(theirs, "partner.example.internal", aws_region, partner_vpc),
        "certificates": [_certificate(ours("acm"), name) for name in ("www", "apps")],
        "brought": _brought("www.partner.example"),
        "logs": _logs(ours("s3"), aws_region),
        "key": ours("kms").create_key(Description="Secrets of clusters")["KeyMetadata"]["Arn"],
    }
    region.lab.publish(aws_region, secrets={"ecr-pullthroughcache/hub": ""})
    (region.inventory / "group_vars/all/lent.yml").write_text(yaml.safe_dump({"lent": ids}), encoding="utf-8")
    partner = Partner(region, theirs, ids["partner_zone"])
    partner.start()
    return settled(region, before), partner


def _network(ec2: t.Any, az: str) -> dict[str, str]:
    vpc = ec2.create_vpc(CidrBlock="192.168.0.0/16")["Vpc"]["VpcId"]
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="192.168.1.0/24", AvailabilityZone=az)["Subnet"]["SubnetId"]
    return {"vpc": vpc, "subnet": subnet}


def _zone(client: Client, name: str, aws_region: str, vpc: str) -> str:
    place = {"VPCRegion": aws_region, "VPCId": vpc}
    zone = client("route53").create_hosted_zone(Name=name, CallerReference=name, VPC=place)["HostedZone"]["Id"]
    return str(zone).removeprefix("/hostedzone/")


def _certificate(acm: t.Any, name: str) -> str:
    """Bring a certificate by hand."""
    made = _brought(f"{name}.example.net")
    said = {"Certificate": made["certificate"], "PrivateKey": made["private_key"], "CertificateChain": made["chain"]}
    return str(acm.import_certificate(**said)["CertificateArn"])


def _brought(name: str) -> dict[str, str]:
    """Sign a certificate with somebody's own CA."""
    now, key = datetime.now(UTC), _x509.new_key("EC_prime256v1")
    made = _x509.issue(key, _x509.root(key, "Office", 30, (), now), [name], 20, "EC_prime256v1", now)
    return {"certificate": made.certificate, "private_key": made.private_key, "chain": made.chain}


def _logs(s3: t.Any, aws_region: str) -> str:
    """Make a bucket that load balancers may write to."""
    name = "office-logs"
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": aws_region})
    principal = {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"}
    where = f"arn:aws:s3:::{name}/*"
    statement = {"Effect": "Allow", "Action": "s3:PutObject", "Resource": where, "Principal": principal}
    s3.put_bucket_policy(Bucket=name, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    return name


def _policies(iam: t.Any) -> dict[str, str]:
    statement = {"Effect": "Allow", "Action": "ec2:Describe*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    return {
        name: iam.create_policy(PolicyName=f"office-{name}", PolicyDocument=document)["Policy"]["Arn"]
        for name in ("boundary", "policy")
    }
