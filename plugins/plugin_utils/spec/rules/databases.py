# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Databases: versions, classes, storage and names that RDS takes; private subnets in two zones; somebody lets them in.

https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html,
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Storage.html
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.cloister.aws.plugins.plugin_utils.spec.problems import Problem, did_you_mean, shown
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.region import Item, Region, vpc_of
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules.endpoints import twice
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules.names import refer
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules.shared import tags
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.shapes import WasNumber

TAGS_LEFT = 10
PORTS = {"mysql": 3306, "postgres": 5432}
VERSIONS = {"mysql": re.compile(r"\d+\.\d+(\.\d+)?"), "postgres": re.compile(r"\d+(\.\d+)?")}
_SAID = {"mysql": '"8.0" or "8.0.43"', "postgres": '"16" or "16.9"'}
CLASS = re.compile(r"db\.[a-z0-9-]+\.[a-z0-9]+")
DATABASES = {
    "mysql": re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}"),
    "postgres": re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}"),
}
USERS = {"mysql": re.compile(r"[A-Za-z]\w{0,31}"), "postgres": re.compile(r"[A-Za-z]\w{0,62}")}
RESERVED = {"mysql": ("rdsadmin", "rdsrepladmin", "root"), "postgres": ("admin", "postgresql", "rdsadmin")}
LOGS = {
    "mysql": ("audit", "error", "general", "iam-db-auth-error", "slowquery"),
    "postgres": ("iam-db-auth-error", "postgresql", "upgrade"),
}
LEAST_GIB = {"gp2": 20, "gp3": 20, "io1": 100, "io2": 100}
MOST_GIB = 65536
# gp3 is faster than its baseline from here on: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Storage.html
GP3_FASTER_FROM_GIB = 400
LONGEST_BACKUP_DAYS = 35
LOWEST_PORT, HIGHEST_PORT = 1150, 65535
_TIME = r"([01]\d|2[0-3]):[0-5]\d"
_DAY = "(mon|tue|wed|thu|fri|sat|sun)"
WINDOWS = {
    "backup_window": (re.compile(f"{_TIME}-{_TIME}"), '"17:00-17:30", in UTC'),
    "maintenance_window": (re.compile(f"{_DAY}:{_TIME}-{_DAY}:{_TIME}"), '"sun:18:00-sun:18:30", in UTC'),
}


def rules(region: Region) -> t.Iterator[Problem]:
    """What RDS would refuse, or take and nobody would want."""
    for database in region.items("database_instances"):
        yield from _engine(database)
        yield from _storage(database)
        yield from _numbers(database)
        yield from _names(database, region)
        yield from _places(database, region)
        yield from _parameters(database)
        yield from tags(database.child("tags") if database.get("tags") else None, TAGS_LEFT)


def _engine(database: Item) -> t.Iterator[Problem]:
    engine, version = database.text("engine"), database.get("engine_version")
    if "--" in database.name:
        yield database.problem("name", f"RDS takes no two hyphens side by side: {database.name}.", "one hyphen")
    kind = database.text("instance_class")
    if kind and not CLASS.fullmatch(kind):
        right = f"db.{kind}" if CLASS.fullmatch(f"db.{kind}") else "a class such as db.t3.micro"
        yield database.problem("instance_class", f"{shown(kind)} is not a class of RDS.", right)
    if engine not in VERSIONS or version is None:
        return
    if isinstance(version, WasNumber):
        found = f"{version} is written without quotes: YAML reads a number, and makes 16.1 of 16.10."
        yield database.problem("engine_version", found, _SAID[engine])
    elif not VERSIONS[engine].fullmatch(str(version)):
        yield database.problem("engine_version", f"{shown(version)} is not a version of {engine}.", _SAID[engine])
    name, user = database.text("database"), database.text("username")
    if name and not DATABASES[engine].fullmatch(name):
        right = "a letter, then letters, digits and underscores"
        yield database.problem("database", f"{shown(name)} cannot be the name of a database.", right)
    if user and not USERS[engine].fullmatch(user):
        right = "a letter, then letters, digits and underscores"
        yield database.problem("username", f"{shown(user)} cannot be the name of a user.", right)
    elif user.lower() in RESERVED[engine]:
        yield database.problem("username", f"{shown(user)} is reserved by {engine} on RDS.", "another name")
    yield from _logs(database, engine)


def _logs(database: Item, engine: str) -> t.Iterator[Problem]:
    yield from twice(database.child("logs")) if database.get("logs") else ()
    for item in database.items("logs"):
        if item.value not in LOGS[engine]:
            right = did_you_mean(item.value, LOGS[engine]) or f"of {', '.join(LOGS[engine])}"
            yield item.problem(None, f"{engine} has no log {shown(item.value)}.", right)


def _storage(database: Item) -> t.Iterator[Problem]:
    storage = database.child("storage")
    kind, gib, most = storage.text("type", "gp3"), storage.get("gib"), storage.get("max_gib")
    if kind not in LEAST_GIB or not isinstance(gib, int):
        return
    if not LEAST_GIB[kind] <= gib <= MOST_GIB:
        yield storage.problem("gib", f"{gib} GiB of {kind}.", f"from {LEAST_GIB[kind]} to {MOST_GIB}")
    elif isinstance(most, int) and not gib * 1.1 <= most <= MOST_GIB:
        right = f"a tenth more than gib at least ({-(-gib * 11 // 10)}), and at most {MOST_GIB}"
        yield storage.problem("max_gib", f"It grows from {gib} to {most} GiB.", right)
    slow = kind == "gp2" or (kind == "gp3" and gib < GP3_FASTER_FROM_GIB)
    for key in ("iops", "throughput_mibps"):
        if storage.get(key) is not None and (slow or (key == "throughput_mibps" and kind != "gp3")):
            right = f"none, or type: gp3 with gib: {GP3_FASTER_FROM_GIB} or more"
            yield storage.problem(key, f"{gib} GiB of {kind} take none.", right)
    if kind in ("io1", "io2") and storage.get("iops") is None:
        yield storage.problem("iops", f"Storage of type {kind} needs to be told how fast it is.", "iops: 3000")


def _numbers(database: Item) -> t.Iterator[Problem]:
    days, port = database.get("backup_retention_days"), database.get("port")
    if isinstance(days, int) and not 0 <= days <= LONGEST_BACKUP_DAYS:
        yield database.problem("backup_retention_days", f"{days} days.", f"from 0 to {LONGEST_BACKUP_DAYS}")
    if isinstance(port, int) and not LOWEST_PORT <= port <= HIGHEST_PORT:
        yield database.problem("port", f"{port} is out of range.", f"from {LOWEST_PORT} to {HIGHEST_PORT}")
    for key, (form, right) in WINDOWS.items():
        said = database.text(key)
        if said and not form.fullmatch(said):
            yield database.problem(key, f"{shown(said)} is not a window.", right)


def _names(database: Item, region: Region) -> t.Iterator[Problem]:
    for key, variable in (("subnets", "network_subnets"), ("security_groups", "security_groups_defined")):
        yield from twice(database.child(key))
        for item in database.items(key):
            yield from refer(item, None, item.value, region, variable)
        if database.get(key) == []:
            yield database.problem(key, "The list is empty.", f"{key}: [...]")
    if database.get("schedule"):
        yield from refer(database, "schedule", database.text("schedule"), region, "schedule_calendars", "calendar")


def _places(database: Item, region: Region) -> t.Iterator[Problem]:
    subnets = region.named("network_subnets")
    known = [subnets[str(item.value)] for item in database.items("subnets") if str(item.value) in subnets]
    adopted = [item for item in database.items("subnets") if str(item.value) in region.adopted("subnet")]
    for item in database.items("subnets"):
        subnet = subnets.get(str(item.value))
        if subnet and subnet.text("tier") == "public":
            yield item.problem(None, f"{subnet.name} is a public subnet, and a database is private.", "private subnets")
    zones, homes = {one.text("az") for one in known}, {vpc.name for one in known if (vpc := vpc_of(one, region))}
    if known and len(known) == len(list(database.items("subnets"))) and len(zones) < 2 and not adopted:
        found = f"Its subnets lie in {' and '.join(sorted(zones))} alone."
        yield database.problem("subnets", found, "subnets in two zones at least")
    if len(homes) > 1:
        yield database.problem("subnets", f"Its subnets lie in {' and '.join(sorted(homes))}.", "subnets of one VPC")
    elif homes:
        yield from _groups(database, min(homes), region)


def _groups(database: Item, home: str, region: Region) -> t.Iterator[Problem]:
    groups = region.named("security_groups_defined")
    default = {item.stack: item.value for item in region.variables("security_groups_vpc")}
    for item in database.items("security_groups"):
        group = groups.get(str(item.value))
        vpc = (group.text("vpc") or default.get(group.stack)) if group else None
        if vpc and vpc != home:
            found = f"The group {item.value} belongs to VPC {vpc}, and the database's subnets to {home}."
            yield item.problem(None, found, f"a group of VPC {home}")
        for rule in group.items("ingress") if group else ():
            if any(str(one.value).endswith("/0") for one in rule.items("cidrs")):
                found = f"The group {item.value} lets the whole internet in ({rule.text('reason')})."
                yield item.problem(None, found, "a group that names those who ask the database")


def _parameters(database: Item) -> t.Iterator[Problem]:
    given = database.child("parameters")
    for key, value in given.value.items() if isinstance(given.value, t.Mapping) else ():
        if value is None or isinstance(value, (list, tuple, t.Mapping)) or not str(value).strip():
            yield given.problem(
                key, f"{shown(value)} is not the value of a parameter.", 'a text or number, such as "ON"'
            )
