# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Flow logs.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateFlowLogs.html
"""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

from lab.embedded_aws.truth.ec2 import tags
from lab.embedded_aws.truth.ec2.base import (
    Backend,
    Response,
    action,
    forget,
    new_id,
    now,
    refuse,
    same_request,
    tag_list,
)
from lab.embedded_aws.truth.ec2.kinds import Kind, find, register
from lab.embedded_aws.truth.ec2.reading import describe
from lab.embedded_aws.truth.ec2.xml import Ec2Result

FORMAT = (
    "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${packets} "
    "${bytes} ${start} ${end} ${action} ${log-status}"
)
KINDS = {"VPC": "vpc-", "Subnet": "subnet-", "NetworkInterface": "eni-"}


@dataclasses.dataclass(eq=False)
class FlowLog:
    """One flow log of one resource."""

    ec2_backend: Backend
    resource_id: str
    traffic_type: str
    destination_type: str
    destination: str | None
    log_group_name: str | None
    role: str | None
    log_format: str
    interval: int
    id: str = dataclasses.field(default_factory=lambda: new_id("fl"))
    created: datetime.datetime = dataclasses.field(default_factory=now)


def view(log: FlowLog) -> dict[str, t.Any]:
    return {
        "FlowLogId": log.id, "ResourceId": log.resource_id, "TrafficType": log.traffic_type,
        "FlowLogStatus": "ACTIVE", "DeliverLogsStatus": "SUCCESS", "DeliverLogsPermissionArn": log.role,
        "LogDestinationType": log.destination_type, "LogDestination": log.destination,
        "LogGroupName": log.log_group_name, "LogFormat": log.log_format, "MaxAggregationInterval": log.interval,
        "CreationTime": log.created, "Tags": tag_list(log.ec2_backend, log.id),
    }  # fmt: skip


FLOW_LOG = register(
    Kind(
        type="vpc-flow-log", prefix="fl", missing=("InvalidFlowLogId.NotFound", "flow log ID"), id_key="FlowLogId",
        objects=lambda backend: backend.flow_logs.values(), view=view,
        filters={
            "flow-log-id": "FlowLogId", "resource-id": "ResourceId", "traffic-type": "TrafficType",
            "log-group-name": "LogGroupName", "log-destination-type": "LogDestinationType",
            "deliver-log-status": "DeliverLogsStatus",
        },
    )
)  # fmt: skip


@action
def describe_flow_logs(response: Response) -> t.Any:
    return describe(response, FLOW_LOG, "FlowLogs", "FlowLogIds")


@action
def create_flow_logs(response: Response) -> t.Any:
    backend, token = response.ec2_backend, response._get_param("ClientToken")
    given = tags.requested(response, "vpc-flow-log")
    made = same_request(backend, "fl", token, lambda: _create(response, given))
    return Ec2Result({"FlowLogIds": made, "ClientToken": token, "Unsuccessful": []})


def _create(response: Response, given: dict[str, str]) -> list[str]:
    backend = response.ec2_backend
    logs = [_read(response, one) for one in response._get_param("ResourceIds", [])]
    for log in logs:
        if any(_same(log, one) for one in backend.flow_logs.values()):
            message = "There is an existing Flow Log with the same configuration and log destination."
            refuse("FlowLogAlreadyExists", f"Error. {message}")
    response.error_on_dryrun()
    for log in logs:
        backend.flow_logs[log.id] = log
        tags.put(backend, log.id, given)
    return [log.id for log in logs]


def _read(response: Response, resource_id: str) -> FlowLog:
    backend, kind = response.ec2_backend, response._get_param("ResourceType")
    if kind in KINDS and not resource_id.startswith(KINDS[kind]):
        refuse("InvalidParameterValue", f"Invalid resource id {resource_id} for resource type {kind}")
    find(backend, resource_id)
    destination_type = response._get_param("LogDestinationType") or "cloud-watch-logs"
    group, destination = response._get_param("LogGroupName"), response._get_param("LogDestination")
    role = response._get_param("DeliverLogsPermissionArn")
    if not group and not destination:
        refuse("InvalidParameter", "LogDestination can't be empty if LogGroupName is not provided.")
    if destination_type == "cloud-watch-logs" and not role:
        message = "DeliverLogsPermissionArn can't be empty if LogDestinationType is cloud-watch-logs."
        refuse("InvalidParameter", message)
    if destination_type != "cloud-watch-logs" and (group or role):
        refuse("InvalidParameter", f"LogGroupName and DeliverLogsPermissionArn are not for {destination_type}.")
    interval = int(response._get_param("MaxAggregationInterval") or 600)
    if interval not in (60, 600):
        refuse("InvalidParameter", "Invalid Flow Log Max Aggregation Interval")
    if destination_type == "cloud-watch-logs" and destination and not group:
        group = destination.partition(":log-group:")[2].removesuffix(":*")
    traffic = response._get_param("TrafficType") or "ALL"
    log_format = response._get_param("LogFormat") or FORMAT
    return FlowLog(backend, resource_id, traffic, destination_type, destination, group, role, log_format, interval)


def _same(log: FlowLog, other: FlowLog) -> bool:
    keys = ("resource_id", "destination_type", "destination", "log_group_name")
    return all(getattr(log, key) == getattr(other, key) for key in keys)


@action
def delete_flow_logs(response: Response) -> t.Any:
    backend, unsuccessful = response.ec2_backend, []
    for one in response._get_param("FlowLogIds", []):
        if backend.flow_logs.pop(one, None) is None:
            error = {"Code": "InvalidFlowLogId.NotFound", "Message": f"The specified flow log {one} is not present"}
            unsuccessful.append({"ResourceId": one, "Error": error})
        forget(backend, one)
    return Ec2Result({"Unsuccessful": unsuccessful})
