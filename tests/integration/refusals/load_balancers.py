"""Load balancers that are refused."""

from __future__ import annotations

from tests.integration.refusals.broken import GONE, Appended, Broken, Renamed

FILE = "host_vars/load_balancers.yml"
BALANCERS, GROUPS = "load_balancers_defined", "load_balancers_target_groups"
PUBLIC, INNER = (BALANCERS, "public"), (BALANCERS, "internal")
HTTP, HTTPS = (*PUBLIC, "listeners", 0), (*PUBLIC, "listeners", 1)
RULE = (*INNER, "listeners", 0, "rules", "jobs")
GUARD = (GROUPS, "guard-public")
FIRST, LAST, RULES = f"{BALANCERS}[0]", f"{BALANCERS}[1]", f"{BALANCERS}[1].listeners[0].rules"

BROKEN = [
    # where they stand
    Broken(FILE, (*PUBLIC, "name"), "p" * 30, f"{FIRST}.name", "33 characters long"),
    Broken(FILE, (*PUBLIC, "scheme"), "public", f"{FIRST}.scheme", "one of internal, internet-facing"),
    Broken(FILE, (*PUBLIC, "subnets"), ["public-a"], f"{FIRST}.subnets", "at least two zones"),
    Broken(FILE, (*PUBLIC, "subnets", 0), "private-a", f"{FIRST}.subnets[0]", "Nothing of the internet comes"),
    Broken(FILE, (*INNER, "subnets", 1), "public-a", f"{LAST}.subnets[1]", "lies in us-west-2a, as private-a does"),
    Broken(FILE, (*PUBLIC, "security_groups"), GONE, f"{FIRST}.security_groups", "at least one"),
    Broken(FILE, (*PUBLIC, "security_groups", 0), "public", f"{FIRST}.security_groups[0]", "did you mean public-alb?"),
    Broken(FILE, (*PUBLIC, "idle_timeout"), 60, f"{FIRST}.idle_timeout", "did you mean idle_timeout_seconds?"),
    # their ports
    Broken(FILE, (*HTTPS, "exposure"), GONE, f"{FIRST}.listeners[1].exposure", "not declared open to all"),
    Broken(FILE, (*INNER, "listeners", 0, "exposure"), "public", f"{LAST}.listeners[0].exposure", "is internal"),
    Broken(FILE, (*HTTPS, "port"), 80, f"{FIRST}.listeners[1].port", "has port 80 already"),
    Broken(FILE, (*HTTPS, "protocol"), "TCP", f"{FIRST}.listeners[1].protocol", "does not speak 'TCP'"),
    Broken(FILE, (*HTTPS, "certificates"), GONE, f"{FIRST}.listeners[1].certificates", "needs a certificate"),
    Broken(FILE, (*HTTPS, "certificates", 0), "pubic", f"{FIRST}.listeners[1].certificates[0]", "did you mean public?"),
    Broken(FILE, (*HTTPS, "forward"), "guard", f"{FIRST}.listeners[1].forward", "did you mean guard-"),
    Broken(FILE, (*HTTPS, "forward"), Renamed("foward"), f"{FIRST}.listeners[1].foward", "did you mean forward?"),
    Broken(FILE, (*HTTP, "redirect"), {"port": 80}, f"{FIRST}.listeners[0].redirect", "for ever"),
    # rules
    Broken(FILE, (*RULE, "priority"), 20, f"{RULES}[1].priority", "has priority 20 already"),
    Broken(FILE, (*RULE, "hosts"), GONE, f"{RULES}[0]", "which requests it means"),
    Broken(FILE, (*RULE, "hosts", 0), "api", f"{RULES}[0].hosts[0]", "a host name"),
    Broken(FILE, (*RULE, "forward"), "guard-public", f"{RULES}[0].forward", "belongs to one load balancer"),
    # target groups
    Broken(FILE, (*GUARD, "protocol"), "GRPC", f"{GROUPS}[0].protocol", "one of HTTP, HTTPS, TCP"),
    Broken(FILE, (*GUARD, "health_check", "path"), "health", f"{GROUPS}[0].health_check.path", "starts with /"),
    Broken(FILE, (*GUARD, "health_check", "timeout_seconds"), 30, f"{GROUPS}[0].health_check.timeout_seconds", "below"),
    Broken(FILE, (*GUARD, "slow_start_seconds"), 5, f"{GROUPS}[0].slow_start_seconds", "30 to 900"),
    Broken(FILE, (*GUARD, "targets"), [{"instance": "i-0123456789"}], f"{GROUPS}[0].targets[0]", "of type ip"),
    # names
    Broken(FILE, (*PUBLIC, "records", 0, "zone"), "example.com", f"{FIRST}.records[0].zone", "no hosted zone called"),
    Broken(
        FILE,
        (*INNER, "records"),
        Appended({"zone": "prod.infer.example.internal", "name": "api"}),
        f"{LAST}.records[3].name",
        "is said already",
    ),
]
