"""Names and permissions when AWS shows new things late, and when it throttles."""

from __future__ import annotations

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws

from lab.embedded_aws.client import EmbeddedAws
from tests.unit.module_utils.kinds import dns_world, eks_inner_world, test_iam_role
from tests.unit.module_utils.kinds.dns_world import record, zone
from tests.unit.module_utils.kinds.eks_inner_world import account, addon, entry
from tests.unit.module_utils.kinds.test_iam_role import role


@pytest.fixture
def dns(aws: Aws, embedded_aws: EmbeddedAws) -> dns_world.World:
    return dns_world.World(aws, embedded_aws)


@pytest.fixture
def iam(aws: Aws, embedded_aws: EmbeddedAws) -> test_iam_role.World:
    return test_iam_role.World(aws, embedded_aws)


@pytest.mark.parametrize("calls", [1, 5])
def test_a_zone_that_is_shown_late_gets_its_tags_vpcs_and_records(dns: dns_world.World, calls: int) -> None:
    dns.lab.hide_new_ids(calls)
    both = zone(vpcs=["main", "second"])
    dns.zones(both)
    dns.records(record("api", "10.0.0.1"))
    dns.lab.clear_faults()
    assert len(dns.all_zones()) == 1
    assert not dns.zones(both).changed
    assert not dns.records(record("api", "10.0.0.1")).changed


@pytest.mark.parametrize("calls", [1, 5])
def test_a_role_that_is_shown_late_gets_its_permissions_and_profile(iam: test_iam_role.World, calls: int) -> None:
    iam.lab.hide_new_ids(calls)
    iam.roles(role())
    iam.profiles("node")
    iam.lab.clear_faults()
    assert iam.inside("us-node") == ["us-node"]
    assert not iam.roles(role()).changed
    assert not iam.profiles("node").changed


def test_throttling_is_outlived(dns: dns_world.World, iam: test_iam_role.World) -> None:
    for action in ("CreateHostedZone", "ChangeResourceRecordSets", "ListHostedZones"):
        dns.lab.fail(action, "Throttling", times=2)
    dns.lab.fail("ChangeTagsForResource", "PriorRequestNotComplete", times=2)
    dns.lab.fail("CreateRole", "Throttling", times=2)
    dns.zones(zone())
    dns.records(record("api", "10.0.0.1"))
    iam.roles(role())
    assert not dns.zones(zone()).changed
    assert not iam.roles(role()).changed


@pytest.fixture
def cluster(aws: Aws, embedded_aws: EmbeddedAws) -> eks_inner_world.World:
    return eks_inner_world.World(aws, embedded_aws).lay()


@pytest.mark.parametrize("calls", [1, 4])
def test_what_is_put_into_a_cluster_is_made_once_when_it_and_its_role_are_shown_late(
    cluster: eks_inner_world.World, calls: int
) -> None:
    pods = account(name="images", identity="pod_identity", managed_policies=["AmazonEC2ContainerRegistryReadOnly"])
    csi = account(managed_policies=["service-role/AmazonEBSCSIDriverPolicy"])
    driver = addon("aws-ebs-csi-driver", service_account_role="ebs-csi")
    people = cluster.role("people", "ec2.amazonaws.com")
    cluster.lab.hide_new_ids(calls)
    admin = entry(principal=people, policies=[{"policy": "AmazonEKSViewPolicy", "namespaces": []}])
    everything = (
        lambda: cluster.accounts(pods, csi),
        lambda: cluster.entries(admin),
        lambda: cluster.addons(driver, accounts=[csi]),
    )
    for bring in everything:
        eks_inner_world.told(bring())
    cluster.lab.clear_faults()
    assert {action for bring in everything for _kind, _part, action in eks_inner_world.told(bring())} == {"keep"}
