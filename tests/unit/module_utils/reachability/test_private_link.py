"""The API of a cluster from another VPC: over PrivateLink by its own name, over a peering, never over the internet."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloister.aws.plugins.module_utils.reachability.flow import INTERNET, Vantage, reach
from ansible_collections.cloister.aws.plugins.module_utils.reachability.shapes import tidy
from ansible_collections.cloister.aws.plugins.module_utils.reachability.verdict import Verdict

from tests.unit.module_utils.reachability.building import REGION, Building, forward, rule

HOST = f"E83BE4C0.gr7.{REGION}.eks.amazonaws.com"
SERVICE = f"com.amazonaws.vpce.{REGION}.vpce-svc-1"
OWN_NAME = f"vpce-api-x1.vpce-svc-1.{REGION}.vpce.amazonaws.com"
OPERATOR = Vantage("vpc-operator", "subnet-operator-a", ("sg-operator",), "172.20.1.10")
APIS = ("192.168.1.77", "192.168.2.77")
TRAIL = {"TrailARN": "arn:trail", "Name": "us-main", "IsLogging": True, "EventSelectors": [{"ReadWriteType": "All"}]}
Break = t.Callable[[Building], t.Any]


def networks() -> Building:
    """The cluster's VPC with two interfaces of its control plane, and the operator's VPC, nothing between them."""
    made = Building()
    made.vpc("eks", "192.168.0.0/16")
    made.vpc("operator", "172.20.0.0/16")
    for number, zone in enumerate("ab", 1):
        made.subnet(f"eks-private-{zone}", "eks", f"192.168.{number}.0/24")
    made.subnet("operator-a", "operator", "172.20.1.0/24")
    made.group("operator", vpc="operator")
    made.group("cluster", [rule(443, "192.168.0.0/16"), rule(443, "172.20.0.0/16")], vpc="eks")
    for zone, address in zip("ab", APIS, strict=True):
        made.interface(f"api-{zone}", f"eks-private-{zone}", address, "cluster", Description="Amazon EKS us-main")
    access = {"vpcId": "vpc-eks", "endpointPrivateAccess": True, "endpointPublicAccess": False}
    cluster = {"name": "us-main", "arn": "arn:cluster", "endpoint": f"https://{HOST}", "resourcesVpcConfig": access}
    made.add("eks_clusters", cluster)
    return made


def linked() -> Building:
    """With PrivateLink between them: a load balancer, a service, an endpoint and a zone of the cluster's name."""
    made = networks()
    made.group("private-api", [rule(443, "192.168.0.0/16")], vpc="eks")
    made.group("endpoints", [rule(443, "172.20.0.0/16")], vpc="operator")
    arn = made.targets("api", 443, *APIS, Protocol="TCP", VpcId="vpc-eks")
    balancer = made.balancer(
        "api", "private-api", forward(443, arn, protocol="TCP"), kind="network",
        eks_private_a="192.168.1.10", eks_private_b="192.168.2.10",
    )  # fmt: skip
    balancer["EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic"] = "off"
    made.add("endpoint_services", {
        "ServiceId": "vpce-svc-1", "ServiceName": SERVICE, "NetworkLoadBalancerArns": [balancer["LoadBalancerArn"]],
    })  # fmt: skip
    made.endpoint("api", vpc="operator", operator_a="172.20.1.50")
    endpoint = made.get("vpc_endpoints", "vpce-api")
    endpoint.update(ServiceName=SERVICE, PrivateDnsEnabled=False, DnsEntries=[{"DnsName": OWN_NAME}])
    zone = made.zone(HOST.lower(), "operator")
    zone["Records"] = [{"Name": f"{HOST.lower()}.", "Type": "A", "AliasTarget": {"DNSName": f"{OWN_NAME}."}}]
    made.add("trails", dict(TRAIL))
    return made


def asked(made: Building) -> Verdict:
    return reach(made.snapshot, OPERATOR, HOST, 443)


def _enforce(made: Building) -> None:
    made.get("load_balancers", "us-api")["EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic"] = "on"


def _no_targets(made: Building) -> None:
    made.get("target_groups", "us-api")["Targets"].clear()


def _without_trail(made: Building) -> None:
    made.snapshot["trails"] = []
    _no_targets(made)


def _trail_reads(made: Building) -> None:
    made.get("trails", "us-main")["EventSelectors"] = [{"ReadWriteType": "ReadOnly"}]
    _no_targets(made)


def test_the_cluster_is_reached_by_its_own_name_over_private_link() -> None:
    found = asked(linked())
    assert found.reached, found.told()
    assert f"endpoint {SERVICE} at 172.20.1.50" in " ".join(found.told()["cleared"])


@pytest.mark.parametrize(
    ("cause", "stage", "damage"),
    [
        ("connection-pending", "tcp",
         lambda made: made.get("vpc_endpoints", "vpce-api").update(State="pendingAcceptance")),
        ("connection-rejected", "tcp", lambda made: made.get("vpc_endpoints", "vpce-api").update(State="rejected")),
        ("connection-not-ready", "tcp", lambda made: made.get("vpc_endpoints", "vpce-api").update(State="pending")),
        ("privatelink-enforcement", "security_group", _enforce),
        ("no-trail", "target", _without_trail),
        ("no-trail", "target", _trail_reads),
        ("targets-behind", "target", _no_targets),
        ("endpoint-group-closed", "security_group",
         lambda made: made.get("security_groups", "sg-endpoints")["IpPermissions"].clear()),
        ("target-not-reached", "target",
         lambda made: made.get("security_groups", "sg-cluster")["IpPermissions"].clear()),
        ("balancer-not-active", "tcp", lambda made: made.snapshot.update(load_balancers=[])),
    ],
)  # fmt: skip
def test_f5_f11_what_private_link_lacks_is_named(cause: str, stage: str, damage: Break) -> None:
    made = linked()
    damage(made)
    found = asked(made)
    assert (found.cause, found.stage) == (cause, stage), found.told()
    assert found.fix


def test_a_name_that_leads_to_an_endpoint_of_yesterday_is_named() -> None:
    made = linked()
    made.drop("vpc_endpoints", "vpce-api")
    assert asked(made).cause == "alias-leads-nowhere"


def test_an_endpoint_that_was_rejected_is_still_seen() -> None:
    made = linked()
    made.get("vpc_endpoints", "vpce-api").update(State="rejected")
    assert reach(tidy(made.snapshot), OPERATOR, HOST, 443).cause == "connection-rejected"


def test_enforced_rules_that_let_the_client_in_are_no_trouble() -> None:
    made = linked()
    _enforce(made)
    made.get("security_groups", "sg-private-api")["IpPermissions"].append(rule(443, "172.20.0.0/16"))
    assert asked(made).reached


def test_targets_see_the_load_balancer_and_not_the_operator() -> None:
    made = linked()
    made.get("target_groups", "us-api")["Attributes"] = [{"Key": "preserve_client_ip.enabled", "Value": "true"}]
    made.get("security_groups", "sg-cluster")["IpPermissions"] = [rule(443, "192.168.0.0/16")]
    assert asked(made).reached


def test_an_advanced_selector_of_management_events_is_a_trail_too() -> None:
    made = linked()
    chosen = {"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}]}
    made.snapshot["trails"] = [{**TRAIL, "EventSelectors": [], "AdvancedEventSelectors": [chosen]}]
    _no_targets(made)
    assert asked(made).cause == "targets-behind"


def test_a_closed_api_leads_to_private_addresses_everywhere_and_is_reached_over_a_peering() -> None:
    made = networks()
    assert asked(made).cause == "no-route"
    sides = {"RequesterVpcInfo": {"VpcId": "vpc-operator"}, "AccepterVpcInfo": {"VpcId": "vpc-eks"}}
    made.add("vpc_peerings", {"VpcPeeringConnectionId": "pcx-1", "Status": {"Code": "active"}, **sides})
    made.route("operator-a", "pcx-1", "192.168.0.0/16")
    assert asked(made).cause == "no-return-route"
    for zone in "ab":
        made.route(f"eks-private-{zone}", "pcx-1", "172.20.0.0/16")
    assert asked(made).reached
    assert reach(made.snapshot, INTERNET, HOST, 443).cause == "address-not-public"


def test_a_public_api_leads_outside_of_its_vpc_to_public_addresses() -> None:
    made = networks()
    made.get("eks_clusters", "us-main")["resourcesVpcConfig"]["endpointPublicAccess"] = True
    assert asked(made).stage == "route"
    assert "in public" in str(asked(made).told())
    inside = Vantage("vpc-eks", "subnet-eks-private-a", ("sg-cluster",), "192.168.1.20")
    assert reach(made.snapshot, inside, HOST, 443).reached


def test_a_cluster_that_is_being_made_is_named() -> None:
    made = networks()
    made.snapshot["network_interfaces"] = []
    assert asked(made).cause == "cluster-not-active"


def test_in_the_clusters_own_vpc_its_name_leads_to_it_whatever_zone_operators_have() -> None:
    found = reach(
        linked().snapshot, Vantage("vpc-eks", "subnet-eks-private-a", ("sg-cluster",), "192.168.1.20"), HOST, 443
    )
    assert found.reached, found.told()
    assert "by its private addresses" in found.steps[0].said
