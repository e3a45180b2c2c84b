"""What a network consists of, worked out from its variables."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._errors import InputError
from ansible_collections.cloister.aws.plugins.module_utils._network_layout import FLOW_LOGS_DEFAULTS, layout

PUBLIC_A = {"name": "public-a", "tier": "public", "az": "us-west-2a", "cidr": "10.0.1.0/24"}
PUBLIC_B = {"name": "public-b", "tier": "public", "az": "us-west-2b", "cidr": "10.0.2.0/24"}
PRIVATE_A = {"name": "private-a", "tier": "private", "az": "us-west-2a", "cidr": "10.0.3.0/24"}
PRIVATE_B = {"name": "private-b", "tier": "private", "az": "us-west-2b", "cidr": "10.0.4.0/24"}
PRIVATE_C = {"name": "private-c", "tier": "private", "az": "us-west-2c", "cidr": "10.0.5.0/24"}
ISOLATED_A = {"name": "isolated-a", "tier": "isolated", "az": "us-west-2a", "cidr": "10.0.6.0/24"}
UNEVEN = [PUBLIC_A, PUBLIC_B, PRIVATE_A, PRIVATE_B, PRIVATE_C]
OPERATOR = {"name": "operator", "cidr": "172.20.0.0/16"}
OPERATOR_A = {"name": "ops-a", "vpc": "operator", "tier": "private", "az": "us-west-2a", "cidr": "172.20.1.0/24"}


def network(subnets: t.Sequence[t.Any] = (), vpcs: t.Sequence[t.Any] = (), **said: t.Any) -> dict[str, t.Any]:
    """Lay out a network whose first VPC is ``main``, with ``vpc`` as its further keys."""
    main = {"name": "main", "cidr": "10.0.0.0/16", **said.pop("vpc", {})}
    located = [{"vpc": "main", **subnet} for subnet in subnets]
    inputs: t.Any = {"vpcs": [main, *vpcs], "subnets": located, "subnet_plans": [], "peerings": [], "routes": []}
    flow_logs = {**FLOW_LOGS_DEFAULTS, **said.pop("flow_logs", {})}
    return layout({**inputs, "flow_logs": flow_logs, **said}, {})


def named(entries: t.Iterable[t.Mapping[str, t.Any]]) -> list[str]:
    return [entry["name"] for entry in entries]


def routes(laid: t.Mapping[str, t.Any]) -> dict[str, dict[str, str]]:
    return {
        table["name"]: {
            route["destination"]: route.get("internet_gateway") or route.get("peering") or route.get("target_id")
            for route in table["routes"]
        }
        for table in laid["route_tables"]
    }


def test_a_vpc_without_public_subnets_has_no_way_in_or_out() -> None:
    laid = network([PRIVATE_A, ISOLATED_A])
    assert laid["internet_gateways"] == laid["nat_gateways"] == laid["elastic_ips"] == laid["nat_routes"] == []
    assert routes(laid) == {"main-private-a": {}, "main-isolated": {}}


def test_public_subnets_share_a_table_that_leads_to_the_internet_gateway() -> None:
    laid = network(UNEVEN)
    assert laid["internet_gateways"] == [{"name": "main", "vpc": "main"}]
    assert routes(laid)["main-public"] == {"0.0.0.0/0": "main"}
    assert laid["route_tables"][0]["subnets"] == ["public-a", "public-b"]


def test_one_nat_gateway_serves_all_private_zones_and_no_other_tier() -> None:
    laid = network([*UNEVEN, ISOLATED_A], vpc={"nat": "single"})
    assert laid["nat_gateways"] == [{"name": "main-a", "subnet": "public-a", "elastic_ip": "main-nat-a"}]
    assert laid["elastic_ips"] == [{"name": "main-nat-a"}]
    assert {route["table"]: route["nat_gateway"] for route in laid["nat_routes"]} == {
        "main-private-a": "main-a",
        "main-private-b": "main-a",
        "main-private-c": "main-a",
    }
    assert laid["warnings"] == []


def test_the_zone_of_the_only_nat_gateway_can_be_chosen() -> None:
    assert network(UNEVEN, vpc={"nat": "single", "nat_az": "us-west-2b"})["nat_gateways"][0]["subnet"] == "public-b"


def test_a_private_zone_without_a_nat_gateway_borrows_the_first_one_with_a_warning() -> None:
    laid = network(UNEVEN, vpc={"nat": "per_az"})
    assert named(laid["nat_gateways"]) == ["main-a", "main-b"]
    chosen = {route["table"]: route["nat_gateway"] for route in laid["nat_routes"]}
    assert chosen == {"main-private-a": "main-a", "main-private-b": "main-b", "main-private-c": "main-a"}
    assert [w for w in laid["warnings"] if "no NAT gateway in us-west-2c" in w and "through main-a" in w]


def test_a_public_zone_without_private_subnets_gets_no_nat_gateway_of_its_own() -> None:
    assert named(network([PUBLIC_A, PUBLIC_B, PRIVATE_B], vpc={"nat": "per_az"})["nat_gateways"]) == ["main-b"]
    assert named(network([PUBLIC_B, PRIVATE_A], vpc={"nat": "per_az"})["nat_gateways"]) == ["main-b"]


@pytest.mark.parametrize(
    ("subnets", "vpc"),
    [
        ([PRIVATE_A], {"nat": "single"}),
        ([PRIVATE_A], {"nat": "per_az"}),
        (UNEVEN, {"nat": "single", "nat_az": "us-west-2c"}),
    ],
)
def test_a_nat_gateway_without_a_public_subnet_is_refused(subnets: t.Any, vpc: t.Any) -> None:
    with pytest.raises(InputError, match="no public subnet"):
        network(subnets, vpc=vpc)


def test_subnets_are_marked_for_kubernetes_by_tier_and_never_for_both() -> None:
    laid = network([PUBLIC_A, PRIVATE_A, ISOLATED_A], vpc={"kubernetes_clusters": ["apps"]})
    assert {s["name"]: s["kubernetes_role"] for s in laid["subnets"]} == {
        "public-a": "elb",
        "private-a": "internal-elb",
        "isolated-a": "none",
    }
    assert [s["tags"] for s in laid["subnets"]] == [{"kubernetes.io/cluster/apps": "shared"}] * 2 + [{}]


def test_a_vpc_without_clusters_leaves_the_marks_of_others_alone() -> None:
    subnet = network([PRIVATE_A])["subnets"][0]
    assert subnet["tags"] == {}
    assert "kubernetes_role" not in subnet


def test_gateway_endpoints_lead_out_of_all_tables_of_their_vpc() -> None:
    laid = network([*UNEVEN, OPERATOR_A], [{**OPERATOR, "gateway_endpoints": []}])
    assert laid["endpoints"] == [
        {
            "name": "main-s3",
            "vpc": "main",
            "service": "s3",
            "type": "gateway",
            "route_tables": ["main-public", "main-private-a", "main-private-b", "main-private-c"],
        }
    ]


def test_peered_vpcs_of_ours_have_routes_both_ways_to_all_ranges() -> None:
    peering = {"name": "ops", "vpc": "operator", "peer_vpc": "main", "peer_tiers": ["private", "isolated"]}
    laid = network(
        [PUBLIC_A, PRIVATE_A, ISOLATED_A, OPERATOR_A],
        [OPERATOR],
        vpc={"secondary_cidrs": ["10.1.0.0/16"]},
        peerings=[peering],
    )
    assert routes(laid) == {
        "main-public": {"0.0.0.0/0": "main"},
        "main-private-a": {"172.20.0.0/16": "ops"},
        "main-isolated": {"172.20.0.0/16": "ops"},
        "operator-private-a": {"10.0.0.0/16": "ops", "10.1.0.0/16": "ops"},
    }


def test_a_peering_with_somebody_else_has_routes_on_our_side() -> None:
    peering = {"name": "partner", "vpc": "main", "peer_vpc_id": "vpc-1", "peer_cidrs": ["10.9.0.0/16"]}
    laid = network([PRIVATE_A], peerings=[peering])
    assert routes(laid) == {"main-private-a": {"10.9.0.0/16": "partner"}}
    assert laid["vpc_peerings"] == [{"name": "partner", "vpc": "main", "peer_vpc_id": "vpc-1", "dns_resolution": True}]


@pytest.mark.parametrize(
    "peer",
    [{"peer_vpc": "twin"}, {"peer_vpc_id": "vpc-1", "peer_cidrs": ["10.0.128.0/20"]}],
)
def test_peers_whose_ranges_overlap_are_refused(peer: t.Any) -> None:
    with pytest.raises(InputError, match=r"10\.0\.0\.0/16 of VPC main overlaps"):
        network([], [{"name": "twin", "cidr": "10.0.0.0/17"}], peerings=[{"name": "p", "vpc": "main", **peer}])


def test_a_route_to_something_without_a_name_goes_to_the_tiers_it_says() -> None:
    route = {"tiers": ["private", "isolated"], "destination": "192.168.0.0/16", "target_id": "tgw-1"}
    laid = network([PUBLIC_A, PRIVATE_A, ISOLATED_A], routes=[route])
    assert routes(laid)["main-public"] == {"0.0.0.0/0": "main"}
    assert routes(laid)["main-isolated"] == routes(laid)["main-private-a"] == {"192.168.0.0/16": "tgw-1"}


def test_a_default_route_of_ones_own_takes_the_place_of_the_one_to_a_nat_gateway() -> None:
    route = {"destination": "0.0.0.0/0", "target_id": "tgw-1"}
    assert network([PUBLIC_A, PRIVATE_A], vpc={"nat": "single"}, routes=[route])["nat_routes"] == []


def test_two_routes_to_one_destination_are_refused() -> None:
    route = {"tiers": ["public"], "destination": "0.0.0.0/0", "target_id": "tgw-1"}
    with pytest.raises(InputError, match=r"main-public would lead to 0\.0\.0\.0/0 twice"):
        network([PUBLIC_A], routes=[route])


def test_adopted_things_are_used_and_not_made() -> None:
    adopted = {"VPC": {"main": "vpc-1"}, "subnet": {"public-a": "subnet-1", "private-a": "subnet-2"}}
    inputs: t.Any = {
        "vpcs": [{"name": "main", "cidr": "10.0.0.0/16", "nat": "single"}],
        "subnets": [PUBLIC_A, PRIVATE_A, PRIVATE_B],
        "subnet_plans": [],
        "peerings": [],
        "routes": [],
        "flow_logs": dict(FLOW_LOGS_DEFAULTS),
    }
    laid = layout(inputs, adopted)
    assert laid["vpcs"] == laid["internet_gateways"] == []
    assert named(laid["subnets"]) == ["private-b"]
    assert named(laid["route_tables"]) == ["main-private-b"]
    assert laid["nat_gateways"] == [{"name": "main-a", "subnet": "public-a", "elastic_ip": "main-nat-a"}]
    assert laid["adopted"]["vpcs"] == [{"name": "main", "cidrs": ["10.0.0.0/16"]}]
    assert named(laid["adopted"]["subnets"]) == ["public-a", "private-a"]


def test_flow_logs_have_a_group_and_a_role_or_a_bucket() -> None:
    assert network(flow_logs={})["flow_logs"] == []
    logged = network(vpcs=[{**OPERATOR, "flow_logs": False}], flow_logs={"destination": "cloudwatch"})
    assert [(log["vpc"], log["log_group"], log["role"]) for log in logged["flow_logs"]] == [
        ("main", "flow-logs/main", "flow-logs")
    ]
    assert logged["log_groups"] == [{"name": "flow-logs/main", "retention_days": 30}]
    stored = network(flow_logs={"destination": "s3", "bucket_arn": "arn:aws:s3:::logs"})
    assert stored["flow_logs"][0]["destination_arn"] == "arn:aws:s3:::logs"
    assert stored["log_groups"] == stored["listed"]["iam_roles"] == []


def test_what_is_listed_is_what_removal_spares() -> None:
    listed = network(UNEVEN, vpc={"nat": "single"})["listed"]
    assert listed["nat_gateways"] == ["main-a"]
    assert listed["subnets"] == named(UNEVEN)
    assert set(listed) == {
        *("vpcs", "subnets", "internet_gateways", "elastic_ips", "nat_gateways", "route_tables"),
        *("vpc_peerings", "flow_logs", "log_groups", "iam_roles", "vpc_ranges"),
    }


@pytest.mark.parametrize(
    ("subnets", "why"),
    [
        ([{**PRIVATE_A, "vpc": None}], "must say its vpc, one of main, operator"),
        ([{**PRIVATE_A, "vpc": "mian"}], "is in VPC mian, which network_vpcs does not list"),
        ([PRIVATE_A, PRIVATE_A], "more than one subnet called private-a"),
    ],
)
def test_a_subnet_that_has_no_place_is_refused(subnets: t.Any, why: str) -> None:
    with pytest.raises(InputError, match=why):
        network(subnets, [OPERATOR])
