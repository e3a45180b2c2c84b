"""Each rule about databases: the one thing that is wrong is told at its path, and nothing else is."""

from __future__ import annotations

import copy
import typing as t

import pytest
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.shapes import WasNumber

from tests.unit.spec.described import Variables, sound, told

ALL, ONE = "database_instances", ("database_instances", 0)
MYSQL: Variables = {
    "name": "main",
    "engine": "mysql",
    "engine_version": "8.0",
    "instance_class": "db.t3.micro",
    "storage": {"gib": 20, "type": "gp3", "max_gib": 100},
    "database": "prod_db",
    "username": "prod",
    "subnets": ["private-a", "private-b"],
    "security_groups": ["app"],
    "parameters": {"require_secure_transport": "ON", "max_connections": 200},
    "backup_retention_days": 7,
    "backup_window": "17:00-17:30",
    "maintenance_window": "sun:18:00-sun:18:30",
    "logs": ["error", "slowquery"],
    "schedule": "office-hours",
    "tags": {"team": "data"},
}
POSTGRES: Variables = {
    **MYSQL,
    "name": "second",
    "engine": "postgres",
    "engine_version": "16.9",
    "storage": {"gib": 400, "type": "gp3", "iops": 12000, "throughput_mibps": 500},
    "logs": ["postgresql", "upgrade"],
    "port": 5433,
}


def with_databases() -> Variables:
    variables = sound()
    variables["schedule_calendars"] = [
        {
            "name": "office-hours",
            "time_zone": "Asia/Seoul",
            "start": "cron(0 8 ? * MON-FRI *)",
            "stop": "cron(0 20 ? * MON-FRI *)",
        }
    ]
    variables["network_vpcs"][1]["cidr"] = "172.20.0.0/16"
    variables["network_subnets"].append(
        {"name": "private-c", "vpc": "main", "tier": "private", "az": "us-west-2a", "cidr": "10.0.48.0/20"}
    )
    variables["security_groups_vpc"] = "main"
    variables["security_groups_defined"].append({"name": "operator", "vpc": "operator", "reason": "Operators"})
    variables["database_instances"] = [copy.deepcopy(one) for one in (MYSQL, POSTGRES)]
    return variables


# What is set where; the path that the message gives; words that the message has.
CASES: list[tuple[tuple[t.Any, ...], t.Any, str, str]] = [
    ((*ONE, "name"), "Main", f"{ALL}[0].name", "lowercase"),
    ((*ONE, "name"), "m" * 61, f"{ALL}[0].name", "at most 60"),
    ((*ONE, "name"), "ma--in", f"{ALL}[0].name", "one hyphen"),
    ((*ONE, "name"), "second", f"{ALL}[1].name", "there already"),
    ((*ONE, "instance_class"), "t3.micro", f"{ALL}[0].instance_class", "db.t3.micro"),
    ((*ONE, "engine_version"), WasNumber("8.0"), f"{ALL}[0].engine_version", "without quotes"),
    ((*ONE, "engine_version"), "8", f"{ALL}[0].engine_version", "not a version of mysql"),
    ((*ONE, "database"), "prod-db", f"{ALL}[0].database", "underscores"),
    ((*ONE, "username"), "1st", f"{ALL}[0].username", "cannot be the name of a user"),
    ((*ONE, "username"), "root", f"{ALL}[0].username", "reserved"),
    ((*ONE, "logs", 0), "slowqueries", f"{ALL}[0].logs[0]", "did you mean slowquery"),
    ((*ONE, "logs", 0), "slowquery", f"{ALL}[0].logs[1]", "twice"),
    # storage
    ((*ONE, "storage"), {"gib": 10}, f"{ALL}[0].storage.gib", "from 20"),
    ((*ONE, "storage"), {"gib": 20, "max_gib": 21}, f"{ALL}[0].storage.max_gib", "(22)"),
    ((*ONE, "storage"), {"gib": 100, "type": "io2"}, f"{ALL}[0].storage.iops", "iops: 3000"),
    ((*ONE, "storage"), {"gib": 20, "iops": 3000}, f"{ALL}[0].storage.iops", "gib: 400"),
    ((*ONE, "storage"), {"gib": 500, "type": "gp2", "throughput_mibps": 9}, f"{ALL}[0].storage.throughput", "none"),
    # numbers
    ((*ONE, "backup_retention_days"), 36, f"{ALL}[0].backup_retention_days", "from 0 to 35"),
    ((*ONE, "port"), 80, f"{ALL}[0].port", "from 1150"),
    ((*ONE, "backup_window"), "5pm", f"{ALL}[0].backup_window", "17:00-17:30"),
    ((*ONE, "maintenance_window"), "Sun:18:00-Sun:18:30", f"{ALL}[0].maintenance_window", "sun:18:00-sun:18:30"),
    # names and places
    ((*ONE, "subnets", 0), "private-x", f"{ALL}[0].subnets[0]", "did you mean private-"),
    ((*ONE, "subnets", 0), "public-a", f"{ALL}[0].subnets[0]", "a database is private"),
    ((*ONE, "subnets"), ["private-a", "private-c"], f"{ALL}[0].subnets", "two zones"),
    ((*ONE, "subnets"), ["private-b", "operator-a"], f"{ALL}[0].subnets", "one VPC"),
    ((*ONE, "subnets"), [], f"{ALL}[0].subnets", "empty"),
    ((*ONE, "security_groups", 0), "ap", f"{ALL}[0].security_groups[0]", "did you mean app"),
    ((*ONE, "security_groups", 0), "web", f"{ALL}[0].security_groups[0]", "the whole internet"),
    ((*ONE, "security_groups", 0), "operator", f"{ALL}[0].security_groups[0]", "belongs to VPC operator"),
    ((*ONE, "schedule"), "office-hour", f"{ALL}[0].schedule", "did you mean office-hours"),
    ((*ONE, "parameters"), {"max_connections": [200]}, f"{ALL}[0].parameters.max_connections", "not the value"),
    ((*ONE, "tags"), {"cloister:keep": "false"}, f"{ALL}[0].tags.cloister:keep", "not for an inventory"),
]


def test_sound_databases_have_no_problem() -> None:
    assert told(with_databases()) == []


@pytest.mark.parametrize(("path", "value", "where", "words"), CASES, ids=[f"{c[2]}-{c[3]}" for c in CASES])
def test_what_is_wrong_with_a_database_is_told_once_at_its_place(
    path: tuple[t.Any, ...], value: t.Any, where: str, words: str
) -> None:
    variables: t.Any = with_databases()
    holder = variables
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = value
    (problem,) = told(variables)
    assert problem.startswith(where)
    assert words in problem
