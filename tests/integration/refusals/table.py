"""The table of broken inventories."""

from __future__ import annotations

from tests.integration.refusals import (
    access,
    ecs,
    edge,
    eks,
    eks_apps,
    eks_inner,
    flows,
    images,
    load_balancers,
    nights,
    nodes,
    pools,
    private_api,
    wares,
)
from tests.integration.refusals.broken import (
    DNS,
    ENDPOINTS,
    GONE,
    GROUPS,
    IDENTITY,
    NETWORK,
    REGION,
    STACKS,
    Appended,
    Broken,
    Renamed,
    Text,
)

VPC, SUBNETS, DEFINED, ZONE = (
    "network_vpcs",
    "network_subnets",
    "security_groups_defined",
    "prod.infer.example.internal",
)
STATEMENT = ("identity_roles", "guard-task", "policies", 0, "statements", 0)
RECORD = ("dns_zones", ZONE, "records", 0)
PLAN = {"azs": ["us-west-2a"], "tiers": [{"tier": "isolated", "prefix": 17}]}
PEERING = {"name": "away", "vpc": "main", "peer_vpc_id": "vpc-0123456789abcdef0", "peer_cidrs": ["10.0.64.0/18"]}

TYPES_AND_NAMES = [
    # missing
    Broken(REGION, ("region_name",), GONE, "region_name", "missing", "group_vars/all"),
    Broken(REGION, ("region_aws_region",), GONE, "region_aws_region", "missing", "group_vars/all"),
    Broken(REGION, ("region_allowed_account_ids",), GONE, "region_allowed_account_ids", "missing", "group_vars/all"),
    Broken(NETWORK, (VPC,), GONE, VPC, "missing"),
    Broken(NETWORK, (SUBNETS, "public-a", "az"), GONE, f"{SUBNETS}[0].az", "missing"),
    Broken(GROUPS, (DEFINED, "guard", "reason"), GONE, f"{DEFINED}[1].reason", "missing"),
    Broken(IDENTITY, ("identity_roles", "node", "name"), GONE, "identity_roles[0].name", "missing"),
    # types
    Broken(REGION, ("region_tags",), ["owner"], "region_tags", "a list is not a dict"),
    Broken(REGION, ("region_name",), None, "region_name", "is empty"),
    Broken(REGION, ("region_allowed_account_ids",), "111122223333", "region_allowed_account_ids", "not a list"),
    Broken(NETWORK, (VPC,), {"name": "main"}, VPC, "a dict is not a list"),
    Broken(NETWORK, (SUBNETS, 2), "private-a", f"{SUBNETS}[2]", "'private-a' is not a dict"),
    Broken(NETWORK, (SUBNETS,), None, SUBNETS, "is empty"),
    Broken(ENDPOINTS, ("endpoints_subnets",), "private-a,private-b", "endpoints_subnets", "not a list"),
    Broken(GROUPS, (DEFINED, "guard", "ingress", 0, "ports"), 8080, f"{DEFINED}[1].ingress[0].ports", "not a list"),
    Broken(DNS, ("dns_zones", ZONE, "private"), "yes", "dns_zones[1].private", "without quotes"),
    Broken(DNS, (*RECORD, "ttl_seconds"), "soon", "dns_zones[1].records[0].ttl_seconds", "a whole number"),
    Broken(IDENTITY, ("identity_roles",), "node", "identity_roles", "not a list"),
    # choices
    Broken(REGION, ("region_partition",), "AWS", "region_partition", "one of aws, aws-cn, aws-us-gov"),
    Broken(NETWORK, (VPC, "main", "nat"), "one", f"{VPC}[0].nat", "one of none, single, per_az"),
    Broken(NETWORK, (SUBNETS, "private-a", "tier"), "privat", f"{SUBNETS}[2].tier", "did you mean private?"),
    Broken(ENDPOINTS, ("endpoints_sets", 1), "log", "endpoints_sets[1]", "did you mean logs?"),
    Broken(DNS, (*RECORD, "type"), "TEXT", "dns_zones[1].records[0].type", "did you mean TXT?"),
    # unknown
    Broken(NETWORK, (SUBNETS,), Renamed("network_subnet"), "network_subnet", "did you mean network_subnets?"),
    Broken(NETWORK, (SUBNETS,), Renamed("netwrok_subnets"), "netwrok_subnets", "did you mean network_subnets?"),
    Broken(NETWORK, (VPC, "main", "cidr"), Renamed("cdir"), f"{VPC}[0].cdir", "did you mean cidr?"),
    Broken(NETWORK, ("dns_zones",), [], "dns_zones", "is a variable of the role dns"),
    Broken(REGION, ("region_tags",), Renamed("region_tag"), "region_tag", "did you mean region_tags?"),
    Broken(GROUPS, (DEFINED, "guard", "ingress"), Renamed("inbound"), f"{DEFINED}[1].inbound", "is not known here"),
    Broken(IDENTITY, (*STATEMENT, "actions"), Renamed("action"), "statements[0].action", "did you mean actions?"),
    Broken("host_vars/netwrok.yml", (), Text("network_routes: []\n"), "", "did you mean network?"),
    Broken(STACKS, ("stacks", "children", "shared", "hosts", "dnss"), None, "stack_role", "did you mean dns?"),
    Broken(STACKS, ("stacks", "children", "shared"), Renamed("shraed"), "dns", "lies in no layer"),
    # templates
    Broken(REGION, ("region_name",), "{{ nobody }}", "region_name", "cannot be filled in"),
    Broken(
        DNS, (*RECORD, "values", 0), "{{ region_nmae }}", "dns_zones[1].records[0].values[0]", "cannot be filled in"
    ),
]

RULES = [
    # the region itself
    Broken(REGION, ("region_name",), "US_west", "region_name", "lowercase letters"),
    Broken(REGION, ("region_name",), "a-very-long-region", "region_name", "1 to 16"),
    Broken(REGION, ("region_aws_region",), "us-wset-2", "region_aws_region", "did you mean us-west-2?"),
    Broken(REGION, ("region_partition",), "aws-cn", "region_partition", "us-west-2 lies in the partition aws"),
    Broken(REGION, ("region_allowed_account_ids", 0), "11112222333", "region_allowed_account_ids[0]", "12 digits"),
    Broken(REGION, ("region_allowed_account_ids", 0), 12345678901, "region_allowed_account_ids[0]", "leading zero"),
    Broken(REGION, ("region_allowed_account_ids",), [], "region_allowed_account_ids", "No account is allowed"),
    Broken(REGION, ("region_tags", "aws:owner"), "x", "region_tags.aws:owner", "not for an inventory to set"),
    Broken(REGION, ("region_tags", "cloister:keep"), "x", "region_tags.cloister:keep", "not for an inventory to set"),
    Broken(REGION, ("region_tags",), {f"t{n}": "x" for n in range(51)}, "region_tags", "at most 40"),
    Broken(REGION, ("region_adopted",), {"VPC": {"main": "main"}}, "region_adopted.VPC.main", "not the id of a VPC"),
    Broken(DNS, ("region_name",), "eu", "region_name", "one value for all stacks"),
    # addresses
    Broken(NETWORK, (VPC, "main", "cidr"), "10.0.0.0", f"{VPC}[0].cidr", "has no size"),
    Broken(NETWORK, (VPC, "main", "cidr"), "10.0.0.0/8", f"{VPC}[0].cidr", "/16 to /28"),
    Broken(NETWORK, (VPC, "main", "cidr"), "127.0.0.0/16", f"{VPC}[0].cidr", "no VPC can use"),
    Broken(NETWORK, (SUBNETS, "private-a", "cidr"), "10.0.17.0/20", f"{SUBNETS}[2].cidr", "10.0.16.0/20"),
    Broken(NETWORK, (SUBNETS, "private-a", "cidr"), "10.0.300.0/24", f"{SUBNETS}[2].cidr", "not an IPv4 range"),
    Broken(NETWORK, (SUBNETS, "private-a", "cidr"), "10.1.0.0/20", f"{SUBNETS}[2].cidr", "outside VPC main"),
    Broken(NETWORK, (SUBNETS, "private-b", "cidr"), "10.0.24.0/21", f"{SUBNETS}[3].cidr", "overlaps 10.0.16.0/20"),
    Broken(NETWORK, (VPC,), Appended({"name": "b", "cidr": "10.0.64.0/18"}), f"{VPC}[1].cidr", "overlaps 10.0.0.0/16"),
    Broken(
        REGION,
        ("region_peer_cidrs",),
        [{"name": "kr", "cidr": "10.0.0.0/12"}],
        f"{VPC}[0].cidr",
        "overlaps 10.0.0.0/12",
        NETWORK,
    ),
    Broken(NETWORK, ("network_peerings",), [PEERING], f"{VPC}[0].cidr", "(away)"),
    Broken(NETWORK, ("network_subnet_plans",), [PLAN], "network_subnet_plans[0]", "no room"),
    # names, references, zones
    Broken(NETWORK, (SUBNETS, "public-a", "name"), "public-b", f"{SUBNETS}[1].name", "there already"),
    Broken(NETWORK, (SUBNETS, "public-a", "name"), "Public_A", f"{SUBNETS}[0].name", "lowercase letters"),
    Broken(NETWORK, (SUBNETS, "public-a", "vpc"), "mian", f"{SUBNETS}[0].vpc", "did you mean main?"),
    Broken(NETWORK, (SUBNETS, "public-a", "az"), "us-east-1a", f"{SUBNETS}[0].az", "not a zone of us-west-2"),
    Broken(NETWORK, (SUBNETS, "public-a", "az"), "usw2-az1", f"{SUBNETS}[0].az", "zone id"),
    Broken(NETWORK, (SUBNETS,), [], f"{VPC}[0].nat", "has none"),
    Broken(NETWORK, (VPC, "main", "nat_az"), "us-west-2c", f"{VPC}[0].nat_az", "no public subnet in us-west-2c"),
    Broken(ENDPOINTS, ("endpoints_subnets", 0), "private-d", "endpoints_subnets[0]", "no subnet called"),
    Broken(ENDPOINTS, ("endpoints_subnets", 0), "public-b", "endpoints_subnets[1]", "one interface in a zone"),
    Broken(ENDPOINTS, ("endpoints_vpc",), "mian", "endpoints_vpc", "did you mean main?"),
    # security groups
    Broken(GROUPS, (DEFINED, "guard", "ingress", 0, "group"), "public", f"{DEFINED}[1].ingress[0].group", "public-alb"),
    Broken(GROUPS, (DEFINED, "guard", "ingress", 0, "ports"), [0], f"{DEFINED}[1].ingress[0].ports[0]", "1 to 65535"),
    Broken(GROUPS, (DEFINED, "guard", "ingress", 0, "ports"), ["9-8"], f"{DEFINED}[1].ingress[0].ports[0]", "8-9"),
    Broken(
        GROUPS, (DEFINED, "guard", "ingress", 0, "cidrs"), ["10.0.0.0/8"], f"{DEFINED}[1].ingress[0]", "exactly one"
    ),
    Broken(GROUPS, (DEFINED, "guard", "ingress", 0, "group"), GONE, f"{DEFINED}[1].ingress[0]", "whom it lets through"),
    Broken(GROUPS, (DEFINED, "guard", "ingress", 0, "protocol"), "all", f"{DEFINED}[1].ingress[0].ports", "no ports"),
    Broken(GROUPS, (DEFINED, "guard", "reason"), "guard's", f"{DEFINED}[1].reason", "does not take"),
    Broken(
        GROUPS,
        (DEFINED, "public-alb", "ingress", 0, "cidrs"),
        [f"10.{n}.0.0/16" for n in range(61)],
        f"{DEFINED}[0].ingress",
        "62 rules",
    ),
    # dns and identity
    Broken(DNS, ("dns_zones", ZONE, "name"), "infer..internal", "dns_zones[1].name", "not the name of a zone"),
    Broken(DNS, ("dns_zones", ZONE, "vpcs"), [], "dns_zones[1].vpcs", "it has none"),
    Broken(DNS, ("dns_zones", ZONE, "private"), False, "dns_zones[1].vpcs", "public zone has no VPCs"),
    Broken(DNS, (*RECORD, "type"), "A", "dns_zones[1].records[0].values[0]", "an IPv4 address"),
    Broken(DNS, (*RECORD, "ttl_seconds"), -1, "dns_zones[1].records[0].ttl_seconds", "time to live"),
    Broken(IDENTITY, ("identity_roles", "node", "name"), "n" * 62, "identity_roles[0].name", "at most 61"),
    Broken(IDENTITY, ("identity_roles", "node", "trusted_services"), [], "identity_roles[0]", "Nobody may take"),
    Broken(IDENTITY, STATEMENT, {"actions": ["*"], "resources": ["*"]}, "statements[0]", "every action"),
    Broken(IDENTITY, (*STATEMENT, "resources", 0), "arn:aws-cn:s3:::x", "statements[0].resources[0]", "aws-cn"),
]

BROKEN = [
    *TYPES_AND_NAMES,
    *RULES,
    *load_balancers.BROKEN,
    *pools.BROKEN,
    *ecs.BROKEN,
    *eks.BROKEN,
    *wares.BROKEN,
    *eks_apps.BROKEN,
    *eks_inner.BROKEN,
    *access.BROKEN,
    *images.BROKEN,
    *nights.BROKEN,
    *nodes.BROKEN,
    *private_api.BROKEN,
    *edge.BROKEN,
    *flows.BROKEN,
]
