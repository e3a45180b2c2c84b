"""What `playbooks/exposure.yml` says of a region, of what others made in it, and of what was opened by hand."""

from __future__ import annotations

import shutil
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws, Connection
from ansible_collections.cloister.aws.plugins.module_utils.reachability.read import KINDS, read

from tests.integration.playbook import ROOT, Region, Run, cut
from tests.integration.rehearsal.neighbours import session

PLAYBOOK = "playbooks/exposure.yml"
DOORS = {
    "name": "public",
    "listeners": [
        {"port": 80, "protocol": "HTTP", "exposure": "public"},
        {"port": 443, "protocol": "HTTP", "exposure": "public"},
        {"port": 8443, "protocol": "HTTP"},
    ],
}


class Laid:
    """The network and groups of inventory us, with a load balancer before them where a test wants one."""

    def __init__(self, region: Region, doors: Path) -> None:
        self.region = region
        self.doors = doors
        self.client = session(region)

    def look(self, declared: bool = False) -> Run:
        """Look from outside; with ``declared``, a stack of the inventory has the load balancer's listeners."""
        return self.region.play(PLAYBOOK, *(("-i", str(self.doors)) if declared else ()))

    def ids(self, describe: str, listed: str, key: str) -> dict[str, str]:
        """From the Name tag to the id of what stands."""
        found = getattr(self.client("ec2"), describe)()[listed]
        named = ((one, {tag["Key"]: tag["Value"] for tag in one.get("Tags", ())}) for one in found)
        return {tags["Name"]: one[key] for one, tags in named if "Name" in tags}

    def open_door(self) -> None:
        """Make the public load balancer, with a listener for each port of the group and one that the group closes."""
        subnets = self.ids("describe_subnets", "Subnets", "SubnetId")
        tags = [{"Key": f"cloister:{key}", "Value": value} for key, value in OWNER.items()]
        elb = self.client("elbv2")
        made = elb.create_load_balancer(
            Name="us-public",
            Subnets=[subnets["us-public-a"], subnets["us-public-b"]],
            SecurityGroups=[self.group("us-public-alb")],
            Tags=tags,
        )["LoadBalancers"][0]["LoadBalancerArn"]
        answer = [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}]
        for listener in DOORS["listeners"]:
            port = t.cast("dict[str, t.Any]", listener)["port"]
            elb.create_listener(LoadBalancerArn=made, Protocol="HTTP", Port=port, DefaultActions=answer)

    def group(self, name: str) -> str:
        return self.ids("describe_security_groups", "SecurityGroups", "GroupId")[name]


OWNER = {"region": "us", "stack": "load_balancers", "part": "public"}


@pytest.fixture(scope="module")
def laid(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Laid]:
    scratch = tmp_path_factory.mktemp("exposure")
    inventory = Path(shutil.copytree(ROOT / "inventories/us", scratch / "us"))
    cut(inventory, "network", "security_groups")
    doors = scratch / "doors.yml"
    hosts = {"doors": {"load_balancers_defined": [DOORS]}}
    doors.write_text(yaml.safe_dump({"stacks": {"hosts": hosts}}), encoding="utf-8")
    made = Laid(Region.raised(inventory, scratch), doors)
    run = made.region.play("site.yml")
    assert run.rc == 0, run.output
    yield made
    made.region.lab.stop()


def test_a_network_without_doors_is_closed(laid: Laid) -> None:
    run = laid.look()
    assert run.rc == 0, run.output
    assert "nothing" in run.output
    assert run.writes == []


def test_what_the_inventory_declares_and_is_not_there_is_said_and_no_failure(laid: Laid) -> None:
    run = laid.look(declared=True)
    assert run.rc == 0, run.output
    assert "load balancer public does not stand: run the stack that makes it" in run.output


@pytest.fixture(scope="module")
def opened(laid: Laid) -> Laid:
    laid.open_door()
    return laid


def test_the_declared_listeners_are_all_that_is_found(opened: Laid) -> None:
    run = opened.look(declared=True)
    assert run.rc == 0, run.output
    found = [line.split() for line in run.output.splitlines() if "load balancer" in line and "0.0.0.0/0" in line]
    assert [(line[0], line[3:5]) for line in found] == [
        ("declared", ["public", "443/tcp"]),
        ("declared", ["public", "80/tcp"]),
    ]
    assert "8443" not in run.output
    assert run.writes == []


def test_a_listener_that_nobody_declared_fails_and_is_led_back_to_what_opens_it(opened: Laid) -> None:
    run = opened.look()
    assert run.rc != 0
    assert "load balancer public, 443/tcp, is open to 0.0.0.0/0" in run.output
    assert (
        f"security group public-alb ({opened.group('us-public-alb')}) lets 0.0.0.0/0 in to port 443/tcp" in run.output
    )
    assert "leads 0.0.0.0/0 to igw-" in run.output
    assert "if the internet may use it, say exposure: public at listener 443 of public" in run.output


def test_the_embedded_aws_tells_of_a_rehearsed_region_what_a_reader_of_an_account_finds(opened: Laid) -> None:
    keys = opened.region.lab.environment
    arguments = {
        "aws_access_key_id": keys["AWS_ACCESS_KEY_ID"],
        "aws_secret_access_key": keys["AWS_SECRET_ACCESS_KEY"],
    }
    name = opened.region.settings["region_aws_region"]
    found = read(Aws(Connection(name, opened.region.lab.endpoint, None, arguments)), kinds=KINDS)
    assert found["load_balancers"]
    assert opened.region.lab.snapshot(name) == found


def test_what_others_opened_in_the_regions_vpc_is_found(opened: Laid) -> None:
    ec2 = opened.client("ec2")
    vpc = opened.ids("describe_vpcs", "Vpcs", "VpcId")["us-main"]
    subnet = opened.ids("describe_subnets", "Subnets", "SubnetId")["us-public-a"]
    group = ec2.create_security_group(GroupName="theirs", Description="a test", VpcId=vpc)["GroupId"]
    ssh = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "203.0.113.0/24"}]}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[ssh])
    made = ec2.create_network_interface(SubnetId=subnet, Groups=[group])["NetworkInterface"]["NetworkInterfaceId"]
    address = ec2.allocate_address(Domain="vpc")
    held = ec2.associate_address(AllocationId=address["AllocationId"], NetworkInterfaceId=made)["AssociationId"]
    run = opened.look(declared=True)
    assert run.rc != 0
    assert f"network interface {made}, 22/tcp, is open to 203.0.113.0/24 at ({address['PublicIp']})" in run.output
    assert "nothing of region us made it: ask its owner" in run.output
    ec2.disassociate_address(AssociationId=held)
    ec2.release_address(AllocationId=address["AllocationId"])
    ec2.delete_network_interface(NetworkInterfaceId=made)
    assert opened.look(declared=True).rc == 0


def test_a_declared_listener_that_is_closed_is_said_with_what_closes_it(opened: Laid) -> None:
    ec2, group = opened.client("ec2"), opened.group("us-public-alb")
    http = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=[http])
    run = opened.look(declared=True)
    assert run.rc == 0, run.output
    closed = next(line for line in run.output.splitlines() if line.strip().startswith("closed"))
    assert f"public-alb ({group})" in closed
    assert "does not let the internet in to port 80/tcp" in closed
