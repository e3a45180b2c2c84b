# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Flow logs: who talked to whom in a VPC, or was turned away.

https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs.html: nothing of a flow log can be changed once it stands.
It holds nothing itself, so another one takes its place, at the price of the records of a few seconds.
"""

from __future__ import annotations

import time
import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._errors import ApiError
from ansible_collections.cloister.aws.plugins.module_utils._kind import Ec2Kind, Found, Want
from ansible_collections.cloister.aws.plugins.module_utils._names import Names
from ansible_collections.cloister.aws.plugins.module_utils.kinds.iam_role import IamRole
from ansible_collections.cloister.aws.plugins.module_utils.kinds.log_group import LogGroup
from ansible_collections.cloister.aws.plugins.module_utils.kinds.vpc import Vpc

# A new role is not known everywhere for some seconds; AWS then cannot assume it.
_ROLE_WAITS = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)


class FlowLog(Ec2Kind):
    """A VPC's flow log. Fields: ``vpc`` (id), ``traffic``, ``interval_seconds``, ``log_group`` (name) and
    ``role_arn``, or ``destination_arn`` (of a bucket).
    """

    noun = "flow log"
    made_by = "network"
    rank = 10
    immutable: t.ClassVar = {"vpc": "give the new flow log another name"}
    describe, listed, id_key, tag_type = "describe_flow_logs", "FlowLogs", "FlowLogId", "vpc-flow-log"

    def find(self) -> list[Found]:
        """Return ours; this listing alone calls its filters ``Filter``."""
        raws = self.aws.pages("ec2", self.describe, self.listed, Filter=self.owner.filters())
        return [found for found in map(self.found, raws) if self.owner.owns(found.tags)]

    def fields(self, found: Found) -> dict[str, t.Any]:
        """Return what it watches and where it writes."""
        bucket = found.raw["LogDestinationType"] == "s3"
        return {
            "vpc": found.raw["ResourceId"],
            "traffic": found.raw["TrafficType"].lower(),
            "interval_seconds": found.raw["MaxAggregationInterval"],
            "log_group": None if bucket else found.raw.get("LogGroupName"),
            "role_arn": found.raw.get("DeliverLogsPermissionArn"),
            "destination_arn": found.raw.get("LogDestination") if bucket else None,
        }

    def create(self, want: Want, tags: t.Mapping[str, str]) -> Found:
        """Make it, bearing that its role is new."""
        for pause in (*_ROLE_WAITS, None):
            try:
                return self._create(want, tags)
            except ApiError as exc:
                if pause is None or "assume" not in str(exc):
                    raise
                time.sleep(pause)
        raise AssertionError("unreachable")

    def update(self, found: Found, want: Want, changed: t.Collection[str]) -> Found:
        """Put another in its place; first the old one goes, since two of one name would stop the next run."""
        self.delete(found)
        return self.create(want, {**found.tags, **self.owner.tags_for(want.part, want.tags)})

    def delete(self, found: Found) -> None:
        """Delete it; what it wrote stays where it is."""
        self.aws.call("ec2", "delete_flow_logs", FlowLogIds=[found.id], absent_ok=True)

    def shows(self, found: Found) -> dict[str, t.Any]:
        """Return where it writes, and why it cannot when AWS says so."""
        error = found.raw.get("DeliverLogsErrorMessage")
        target = found.raw.get("LogDestination") or found.raw.get("LogGroupName")
        return {"destination": target, **({"error": error} if error else {})}

    def _create(self, want: Want, tags: t.Mapping[str, str]) -> Found:
        fields = want.fields
        params: dict[str, t.Any] = {"LogDestinationType": "s3", "LogDestination": fields["destination_arn"]}
        if fields["log_group"]:
            params = {
                "LogDestinationType": "cloud-watch-logs",
                "LogGroupName": fields["log_group"],
                "DeliverLogsPermissionArn": fields["role_arn"],
            }
        answer = self.aws.make(
            "ec2",
            "create_flow_logs",
            ResourceIds=[fields["vpc"]],
            ResourceType="VPC",
            TrafficType=fields["traffic"].upper(),
            MaxAggregationInterval=fields["interval_seconds"],
            TagSpecifications=self.tag_specifications(tags),
            **params,
        )
        for refused in answer.get("Unsuccessful", ()):
            error = refused["Error"]
            raise ApiError("CreateFlowLogs", error["Code"], f"CreateFlowLogs was refused: {error['Message']}")
        raw = {"FlowLogId": answer["FlowLogIds"][0], "LogDestination": params.get("LogDestination"), **params}
        return self.made(raw, tags)


def want(log: t.Mapping[str, t.Any], names: Names) -> Want:
    """Return the wish for an entry {name, vpc, traffic, interval_seconds, log_group and role | destination_arn}."""
    grouped = bool(log["log_group"])
    return Want(
        log["name"],
        {
            "vpc": names.id(Vpc, log["vpc"]),
            **{key: log[key] for key in ("traffic", "interval_seconds", "destination_arn")},
            "log_group": names.id(LogGroup, log["log_group"]) if grouped else None,
            "role_arn": names.id(IamRole, log["role"]) if grouped else None,
        },
    )
