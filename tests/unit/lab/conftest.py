# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import contextlib
import typing as t

import pytest
from botocore.exceptions import ClientError

from lab.embedded_aws.client import EmbeddedAws
from tests.clients import Clients

REGION = "us-west-2"


@pytest.fixture(scope="session")
def aws() -> t.Iterator[EmbeddedAws]:
    """One embedded AWS for all tests, started as anyone starts it."""
    server = EmbeddedAws.start()
    yield server
    server.stop()


@pytest.fixture(autouse=True)
def _empty(request: pytest.FixtureRequest) -> None:
    """Each test that uses the server begins with an empty one."""
    if "aws" in request.fixturenames:
        request.getfixturevalue("aws").reset()


@pytest.fixture(scope="session")
def client(aws: EmbeddedAws) -> Clients:
    """client("ec2"), client("ec2", "ap-northeast-2"): of the main account; trying once, a test sees each answer."""
    return Clients(aws.environment, attempts=1)


@pytest.fixture
def other_account(aws: EmbeddedAws) -> Clients:
    """The same for a second account, 999988887777."""
    return Clients(aws.account_keys("999988887777"), attempts=1)


@pytest.fixture
def ec2(client: Clients) -> t.Any:
    return client("ec2")


@pytest.fixture
def refused() -> t.Callable[..., t.Any]:
    """with refused("DependencyViolation", "subnet-1"): the block must be refused with that code and words."""

    @contextlib.contextmanager
    def expect(code: str, *words: str, status: int | None = None) -> t.Iterator[None]:
        with pytest.raises(ClientError) as caught:
            yield
        error = caught.value.response
        assert error["Error"]["Code"] == code
        for word in words:
            assert word in error["Error"]["Message"]
        if status:
            assert error["ResponseMetadata"]["HTTPStatusCode"] == status

    return expect


class Network:
    """Makes the parts of a network that a test needs, with one call each."""

    def __init__(self, ec2: t.Any) -> None:
        self.ec2 = ec2

    def vpc(self, cidr: str = "10.0.0.0/16", dns: bool = True) -> str:
        vpc = self.ec2.create_vpc(CidrBlock=cidr)["Vpc"]["VpcId"]
        self.ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": dns})
        return str(vpc)

    def subnet(self, vpc: str, cidr: str = "10.0.1.0/24", zone: str = "us-west-2a") -> str:
        return str(self.ec2.create_subnet(VpcId=vpc, CidrBlock=cidr, AvailabilityZone=zone)["Subnet"]["SubnetId"])

    def gateway(self, vpc: str) -> str:
        gateway = self.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        self.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
        return str(gateway)

    def address(self) -> str:
        return str(self.ec2.allocate_address(Domain="vpc")["AllocationId"])

    def nat(self, subnet: str, address: str | None = None) -> str:
        made = self.ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address or self.address())
        return str(made["NatGateway"]["NatGatewayId"])

    def group(self, vpc: str, name: str = "web") -> str:
        return str(self.ec2.create_security_group(GroupName=name, Description="a test", VpcId=vpc)["GroupId"])


@pytest.fixture
def network(ec2: t.Any) -> Network:
    return Network(ec2)
