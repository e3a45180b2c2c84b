# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Certificates that something uses: whose it is decides what becomes of them."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._certificate_users import standing_users
from ansible_collections.cloister.aws.plugins.module_utils._errors import ImmutableError, OwnershipError
from ansible_collections.cloister.aws.plugins.module_utils._owner import Owner, tag_list
from ansible_collections.cloister.aws.plugins.module_utils._teardown import tear_down
from ansible_collections.cloister.aws.plugins.module_utils.kinds import certificate as kinds_certificate

from lab.embedded_aws.client import EmbeddedAws
from tests.unit.module_utils.kinds.certificate_world import INNER, OWNER, PUBLIC, World, told


class Served(World):
    """A world with a load balancer whose listener has a certificate."""

    def balancer(self, name: str, certificate: str, tags: t.Mapping[str, str] | None = None) -> str:
        """Make one; return its ARN."""
        vpc = self.aws.make("ec2", "create_vpc", CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        place: dict[str, t.Any] = {"VpcId": vpc}
        subnets = [
            self.aws.make("ec2", "create_subnet", CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"us-west-2{z}", **place)
            for n, z in enumerate("ab")
        ]
        said = {"Name": name, "Scheme": "internal", "Subnets": [one["Subnet"]["SubnetId"] for one in subnets]}
        said |= {"Tags": tag_list(tags)} if tags else {}
        arn = self.aws.make("elbv2", "create_load_balancer", **said)["LoadBalancers"][0]["LoadBalancerArn"]
        answer = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}
        self.aws.make(
            "elbv2",
            "create_listener",
            LoadBalancerArn=arn,
            Protocol="HTTPS",
            Port=443,
            Certificates=[{"CertificateArn": certificate}],
            DefaultActions=[answer],
        )
        self.lab.clear_journal()
        return str(arn)


@pytest.fixture
def world(aws: Aws, embedded_aws: EmbeddedAws) -> Served:
    made = Served(aws, embedded_aws)
    made.apply(INNER)
    return made


OURS = Owner("us", "load_balancers").tags_for("inner")


def test_one_that_strangers_use_is_not_removed_and_they_are_named(world: Served) -> None:
    arn = world.balancer("theirs", world.certificates()["inner"].id)
    for check in (True, False):
        with pytest.raises(OwnershipError, match=rf"is used by {arn}, not the region's own, and stays"):
            world.apply(check=check)
    assert world.writes() == []


def test_one_that_our_load_balancer_still_uses_goes_in_the_run_after(world: Served) -> None:
    arn = world.balancer("us-inner", world.certificates()["inner"].id, OURS)
    done = world.apply()
    assert [text for text in done.warnings if f"us-inner ({arn})" in text and "the next run" in text]
    assert "DeleteCertificate" not in world.writes()
    world.aws.call("elbv2", "delete_load_balancer", LoadBalancerArn=arn)
    world.apply()
    assert world.certificates() == {}


def test_one_in_use_is_renewed_all_the_same(world: Served) -> None:
    arn = world.certificates()["inner"].id
    world.balancer("us-inner", arn, OURS)
    world.apply({**INNER, "domains": ["a.internal"]})
    assert (world.certificates()["inner"].id, world.holds("inner").names) == (arn, ("a.internal",))


def test_a_teardown_bears_that_acm_goes_on_naming_a_load_balancer_that_is_gone(
    world: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = "arn:aws:elasticloadbalancing:us-west-2:123456789012:loadbalancer/app/us-inner/0123456789abcdef"
    describe = {"Certificate": {"InUseBy": [gone]}}
    call = Aws.call

    def said(self: Aws, service: str, action: str, *given: t.Any, **named: t.Any) -> t.Any:
        return describe if action == "describe_certificate" else call(self, service, action, *given, **named)

    monkeypatch.setattr(Aws, "call", said)
    assert standing_users(world.aws, world.certificates()["inner"].id) == []
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    world.lab.fail("DeleteCertificate", "ResourceInUseException", times=2)
    tear_down(world.aws, OWNER, {}, ["data"], check=False)
    assert world.certificates() == {}


def test_what_acm_never_stops_naming_is_told_in_the_end(world: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    arn = world.certificates()["inner"].id
    balancer = world.balancer("us-inner", arn, OURS)
    monkeypatch.setattr(
        kinds_certificate, "_LETTING_GO", kinds_certificate.Patience(frozenset({"ResourceInUseException"}), 0)
    )
    kind = kinds_certificate.Certificate(world.aws, OWNER)
    with pytest.raises(OwnershipError, match=rf"is still used by us-inner \({balancer}\)"):
        kind.delete(kind.find()[0])


def test_a_request_that_came_to_nothing_is_made_again(world: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    world.apply(PUBLIC, INNER)
    first = world.certificates()["public"]
    find = kinds_certificate.Certificate.find

    def failed(self: t.Any) -> t.Any:
        return [
            type(one)(one.id, one.tags, {**one.raw, "Status": "FAILED"}) if one.id == first.id else one
            for one in find(self)
        ]

    with monkeypatch.context() as patched:
        patched.setattr(kinds_certificate.Certificate, "find", failed)
        outcome = world.apply(PUBLIC, INNER).outcome
    assert ("certificate", "public", "change") in told(outcome)
    assert world.certificates()["public"].id != first.id


def test_an_expired_one_in_use_is_told_and_left(world: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    world.zone()
    world.apply(PUBLIC, INNER)
    world.prove("public")
    arn = world.certificates()["public"].id
    world.balancer("us-public", arn, OURS)
    find = kinds_certificate.Certificate.find

    def expired(self: t.Any) -> t.Any:
        return [type(one)(one.id, one.tags, {**one.raw, "Status": "EXPIRED"}) for one in find(self)]

    monkeypatch.setattr(kinds_certificate.Certificate, "find", expired)
    with pytest.raises(ImmutableError, match=r"is EXPIRED and used by us-inner .*list a second certificate"):
        world.apply(PUBLIC, INNER)
