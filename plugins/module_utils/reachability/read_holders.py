# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Read which interfaces ECS services and databases have: EC2 does not tell whose they are."""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws, each
from ansible_collections.cloister.aws.plugins.module_utils._ecs import clusters, listed, short
from ansible_collections.cloister.aws.plugins.module_utils._errors import ApiError
from ansible_collections.cloister.aws.plugins.module_utils._owner import Owner
from ansible_collections.cloister.aws.plugins.module_utils.reachability.ends import End
from ansible_collections.cloister.aws.plugins.module_utils.reachability.snapshot import Snapshot, group_ids

# https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeTasks.html
TASKS_AT_ONCE = 100
DATABASE = "RDSNetworkInterface"


def held(aws: Aws, owner: Owner, snapshot: Snapshot, asked: t.Iterable[End]) -> dict[str, list[str]]:
    """Return the ids of interfaces by end, for the services and databases among ``asked``."""
    wanted = {end.spelled: end for end in asked if end.kind in ("service", "database")}
    arns = clusters(aws, owner) if any(end.kind == "service" for end in wanted.values()) else []

    def of(end: End) -> list[str]:
        if end.kind == "database":
            return _database(aws, snapshot, f"{owner.region}-{end.name}")
        return [one for arn in arns for one in _service(aws, arn, f"{owner.region}-{end.name}")]

    return dict(zip(wanted, each(of, list(wanted.values())), strict=True))


def _service(aws: Aws, cluster: str, name: str) -> list[str]:
    """The interfaces of a service's tasks that run."""
    try:
        arns = listed(aws, "list_tasks", "taskArns", cluster, serviceName=name, desiredStatus="RUNNING")
    except ApiError as exc:
        if exc.code != "ServiceNotFoundException":
            raise
        return []
    found: list[str] = []
    for start in range(0, len(arns), TASKS_AT_ONCE):
        tasks = aws.call("ecs", "describe_tasks", cluster=short(cluster), tasks=arns[start : start + TASKS_AT_ONCE])
        for task in tasks["tasks"]:
            details = [detail for one in task.get("attachments") or () for detail in one.get("details") or ()]
            found += [one["value"] for one in details if one.get("name") == "networkInterfaceId"]
    return found


def _database(aws: Aws, snapshot: Snapshot, identifier: str) -> list[str]:
    """The interfaces of a database: RDS's own, in its subnets, with its groups, whatever else has the same.

    https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_VPC.WorkingWithRDSInstanceinaVPC.html
    """
    try:
        answer = aws.call("rds", "describe_db_instances", DBInstanceIdentifier=identifier)
    except ApiError as exc:
        if not exc.code.startswith("DBInstanceNotFound"):
            raise
        return []
    (said,) = answer["DBInstances"]
    subnets = {one["SubnetIdentifier"] for one in said["DBSubnetGroup"]["Subnets"]}
    groups = {one["VpcSecurityGroupId"] for one in said["VpcSecurityGroups"]}
    return [
        str(one["NetworkInterfaceId"])
        for one in snapshot.get("network_interfaces", ())
        if one.get("Description") == DATABASE and one.get("SubnetId") in subnets and set(group_ids(one)) == groups
    ]
