"""The report: the last word of every run."""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.plugin_utils._report import Report


def member(part: str, action: str, kind: str = "subnet", stack: str = "network", **more: t.Any) -> dict[str, t.Any]:
    known = {"id": f"{kind}-{part}", "changes": [], "shows": {}}
    return {"kind": kind, "part": part, "action": action, "stack": stack, **known, **more}


def told(report: Report) -> str:
    return "\n".join(report.lines())


def report() -> Report:
    return Report(run_id="c0ffee", began=0.0, region="us", aws_region="us-west-2", seconds=12.34)


def test_counts_stand_by_stack_and_action() -> None:
    run = report()
    run.take("network", 1.5, [member("a", "create"), member("b", "keep")], check=False)
    run.take("network", 0.5, [member("c", "remove")], check=False)
    row = next(line for line in run.lines() if line.strip().startswith("network "))
    assert row.split() == ["network", "1", "0", "1", "1", "2.0"]


def test_a_plan_says_that_nothing_was_done_yet() -> None:
    run = report()
    run.take("network", 1.0, [member("a", "create", id="(known after apply: subnet a)")], check=True)
    assert "plan for region us" in told(run)
    assert "to create" in told(run)
    assert "+ subnet a\n" in told(run) + "\n"


def test_a_change_names_the_field_and_both_values() -> None:
    run = report()
    changes = [{"field": "public_addresses", "before": True, "after": False}]
    run.take("network", 1.0, [member("a", "change", changes=changes)], check=False)
    assert "public_addresses: True -> False" in told(run)


def test_what_was_made_and_then_only_seen_again_counts_as_made() -> None:
    run = report()
    run.take("network", 1.0, [member("nat", "create")], check=False)
    run.take("network", 1.0, [member("nat", "keep", shows={"public_ip": "192.0.2.1"})], check=False)
    known = run.told()["stacks"]["network"]["members"]
    assert [(item["action"], item["shows"]) for item in known] == [("create", {"public_ip": "192.0.2.1"})]


def test_egress_addresses_are_told_for_allow_lists() -> None:
    run = report()
    nat = member("main-a", "keep", kind="NAT gateway", shows={"public_ip": "192.0.2.7"})
    run.take("network", 1.0, [nat, member("main", "keep", kind="VPC")], check=False)
    assert "192.0.2.7  (for partners' allow-lists)" in told(run)


def test_addresses_that_partners_call_are_told_apart_from_those_that_calls_leave_from() -> None:
    run = report()
    mine = [
        member(part, "keep", "Elastic IP", "edge", shows={"public_ip": ip}) for part, ip in (("a", "2"), ("b", "1"))
    ]
    balancer = member("edge", "keep", "load balancer", "edge", shows={"dns_name": "edge.elb.example"})
    of_nat = member("main-nat-a", "keep", "Elastic IP", shows={"public_ip": "192.0.2.7"})
    run.take("edge", 1.0, [*mine, balancer, of_nat], check=False)
    (line,) = [line for line in run.lines() if "partners reach the region at" in line]
    assert line.split("at", 1)[1].split("(")[0].split() == ["1,", "2"]


def test_the_first_reason_of_a_broken_stack_is_told() -> None:
    run = report()
    run.failed("endpoints", "Ensure the endpoints stand", "no subnet called private-z")
    run.failed("endpoints", "Say which stack is not whole", "endpoints is not whole")
    assert "endpoints is not whole. Ensure the endpoints stand: no subnet called private-z" in told(run)


def test_what_fails_for_all_stacks_at_once_is_blamed_on_none() -> None:
    run = report()
    run.failed(None, "Take the lock", "region us is being changed")
    assert "The run failed. Take the lock: region us is being changed" in told(run)
    assert run.told()["error"].startswith("Take the lock")
    run.failed("dns", "Ensure the zones", "refused")
    assert "The run failed" not in told(run)


def test_names_are_told_apart_for_clients_and_for_services() -> None:
    run = report()
    zones = [
        member("infer.example.com", "keep", kind="hosted zone", id="Z1", shows={"name_servers": ["ns-1.example.net"]}),
        member("infer.internal", "keep", kind="hosted zone", id="Z2", shows={"domain": "infer.internal"}),
    ]
    records = [
        member("infer.example.com", "keep", kind="records", id="Z1", shows={"names": ["us.infer.example.com"]}),
        member("infer.internal", "keep", kind="records", id="Z2", shows={"names": ["api.infer.internal"]}),
    ]
    run.take("dns", 1.0, zones, check=False)
    run.take("load_balancers", 1.0, records, check=False)
    lines = [line.split() for line in run.lines()]
    assert ["public", "names", "us.infer.example.com"] in lines
    assert ["inner", "names", "api.infer.internal"] in lines


def test_a_service_tells_how_many_tasks_run_and_where_its_webhooks_go() -> None:
    run = report()
    shows = {"desired": 2, "running": 1, "callback_url": "https://guard.infer.internal/webhook"}
    run.take("ecs", 1.0, [member("guard", "keep", kind="ECS service", shows=shows)], check=False)
    assert "1 of 2 tasks run  webhooks to https://guard.infer.internal/webhook" in told(run)


def test_what_runs_out_tells_when() -> None:
    run = report()
    issued = member("inner", "keep", kind="certificate", shows={"expires": "2027-02-19", "days": 90})
    pending = member("public", "create", kind="certificate", shows={"status": "PENDING_VALIDATION"})
    run.take("certificates", 1.0, [issued, pending], check=False)
    assert "valid until 2027-02-19, in 90 days" in told(run)
    assert "PENDING_VALIDATION" in told(run)
