# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is done to instances: run, start, stop, terminate, change; and their status.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_TerminateInstances.html
"""

from __future__ import annotations

import typing as t

from lab.embedded_aws.truth.ec2 import launching, machines
from lab.embedded_aws.truth.ec2.base import Backend, Response, action, catch_up, done, refuse, same_request
from lab.embedded_aws.truth.ec2.instances import INSTANCE, reservations, view
from lab.embedded_aws.truth.ec2.kinds import find
from lab.embedded_aws.truth.ec2.reading import describe
from lab.embedded_aws.truth.ec2.template_data import check_metadata, check_user_data
from lab.embedded_aws.truth.ec2.xml import Ec2Result

ASKED = (
    "ImageId", "InstanceType", "SubnetId", "SecurityGroupIds", "SecurityGroups", "NetworkInterfaces", "KeyName",
    "IamInstanceProfile", "UserData", "BlockDeviceMappings", "MetadataOptions", "TagSpecifications", "Placement",
    "InstanceMarketOptions", "DisableApiTermination", "DisableApiStop", "EbsOptimized", "Monitoring", "LaunchTemplate",
    "InstanceInitiatedShutdownBehavior", "PrivateIpAddress", "ClientToken",
)  # fmt: skip


@action
def run_instances(response: Response) -> t.Any:
    backend, token = response.ec2_backend, response._get_param("ClientToken")
    catch_up(backend)
    made = same_request(backend, "instances", token, lambda: _run(response))
    views = [{**view(one), "State": {"Code": 0, "Name": "pending"}} for one in made]
    return Ec2Result(reservations(backend, views)[0])


def _run(response: Response) -> list[machines.Machine]:
    least, most = int(response._get_param("MinCount", 1)), int(response._get_param("MaxCount", 1))
    if not 1 <= least <= most:
        refuse("InvalidParameterValue", f"The minimum count {least} must be from 1 to the maximum count {most}")
    plan = launching.settle(response.ec2_backend, {key: response._get_param(key) for key in ASKED})
    response.error_on_dryrun()
    return launching.launch(response.ec2_backend, plan, most, least)


def _named(response: Response) -> list[t.Any]:
    backend = response.ec2_backend
    catch_up(backend)
    ids = response._get_param("InstanceIds", [])
    if not ids:
        refuse("MissingParameter", "The request must contain the parameter InstanceId")
    known = {one.id: one for one in INSTANCE.objects(backend)}
    for missing in ids:
        if missing not in known:
            find(backend, missing)
    return [known[one] for one in dict.fromkeys(ids)]


def _change(one: t.Any, before: t.Any, then: str) -> dict[str, t.Any]:
    return {
        "InstanceId": one.id, "PreviousState": {"Code": before.code, "Name": before.name},
        "CurrentState": {"Code": machines.CODES[then], "Name": then},
    }  # fmt: skip


@action
def terminate_instances(response: Response) -> t.Any:
    found = _named(response)
    for one in found:
        if one.disable_api_termination:
            refuse(
                "OperationNotPermitted",
                f"The instance '{one.id}' may not be terminated. Modify its 'disableApiTermination' instance "
                "attribute and try again.",
            )
    response.error_on_dryrun()
    rows = []
    for one in found:
        was_over = one.state == "terminated"
        rows.append(_change(one, machines.end(one), "terminated" if was_over else "shutting-down"))
    return Ec2Result({"TerminatingInstances": rows})


@action
def stop_instances(response: Response) -> t.Any:
    found = _named(response)
    for one in found:
        if one.disable_api_stop:
            refuse(
                "OperationNotPermitted",
                f"The instance '{one.id}' may not be stopped. Modify its 'disableApiStop' instance attribute and try "
                "again.",
            )
        _must_be(one, ("pending", "running", "stopping", "stopped"))
    response.error_on_dryrun()
    rows = []
    for one in found:
        over = one.state in ("stopping", "stopped")
        before = one._state if over else machines.stop(one)
        rows.append(_change(one, before, before.name if over else "stopping"))
    return Ec2Result({"StoppingInstances": rows})


@action
def start_instances(response: Response) -> t.Any:
    found = _named(response)
    for one in found:
        _must_be(one, ("pending", "running", "stopped"))
    response.error_on_dryrun()
    rows = []
    for one in found:
        before = one._state
        if before.name == "stopped":
            machines.start_again(one)
        rows.append(_change(one, before, "pending" if before.name == "stopped" else before.name))
    return Ec2Result({"StartingInstances": rows})


@action
def reboot_instances(response: Response) -> t.Any:
    for one in _named(response):
        _must_be(one, ("running",))
    response.error_on_dryrun()
    return done()


def _must_be(one: t.Any, states: tuple[str, ...]) -> None:
    if one.state not in states:
        refuse(
            "IncorrectInstanceState",
            f"The instance '{one.id}' is not in a state from which it can be changed so: it is {one.state}.",
        )


@action
def describe_instance_status(response: Response) -> t.Any:
    result = describe(response, INSTANCE, "Instances", "InstanceIds").result
    whole = response._get_param("IncludeAllInstances")
    rows = [_status(one) for one in result["Instances"] if whole or one["State"]["Name"] == "running"]
    return Ec2Result({"InstanceStatuses": rows, "NextToken": result.get("NextToken")})


def _status(one: dict[str, t.Any]) -> dict[str, t.Any]:
    up = one["State"]["Name"] == "running"
    said = {"Status": "ok", "Details": [{"Name": "reachability", "Status": "passed"}]}
    return {
        "InstanceId": one["InstanceId"], "AvailabilityZone": one["Placement"]["AvailabilityZone"],
        "InstanceState": one["State"], "InstanceStatus": said if up else {"Status": "not-applicable"},
        "SystemStatus": said if up else {"Status": "not-applicable"},
    }  # fmt: skip


@action
def modify_instance_metadata_options(response: Response) -> t.Any:
    one = find(response.ec2_backend, response._get_param("InstanceId"))
    keys = ("HttpTokens", "HttpPutResponseHopLimit", "HttpEndpoint", "HttpProtocolIpv6", "InstanceMetadataTags")
    given = {key: response._get_param(key) for key in keys}
    check_metadata(given)
    response.error_on_dryrun()
    one.metadata.update({key: value for key, value in given.items() if value is not None})
    return Ec2Result({"InstanceId": one.id, "InstanceMetadataOptions": {**one.metadata, "State": "pending"}})


# Attribute of ModifyInstanceAttribute -> attribute of the machine, and whether it must be stopped for it.
CHANGEABLE = {
    "DisableApiTermination": ("disable_api_termination", False), "DisableApiStop": ("disable_api_stop", False),
    "InstanceInitiatedShutdownBehavior": ("instance_initiated_shutdown_behavior", False),
    "SourceDestCheck": ("source_dest_check", False), "EbsOptimized": ("ebs_optimized", True),
    "InstanceType": ("instance_type", True), "UserData": ("user_data", True),
}  # fmt: skip


@action
def modify_instance_attribute(response: Response) -> t.Any:
    backend = response.ec2_backend
    one = find(backend, response._get_param("InstanceId"))
    groups = response._get_param("Groups", [])
    if groups:
        one.nics[0]._group_set = [find(backend, group) for group in groups]
        return done()
    for name, (attribute, stopped) in CHANGEABLE.items():
        value = response._get_param(f"{name}.Value")
        if value is not None:
            if stopped:
                _must_be(one, ("stopped",))
            if name == "UserData":
                check_user_data(value)
            response.error_on_dryrun()
            setattr(one, attribute, value)
            return done()
    raise NotImplementedError("ModifyInstanceAttribute of this attribute")


ATTRIBUTES = {
    "disableApiTermination": "DisableApiTermination", "disableApiStop": "DisableApiStop", "userData": "UserData",
    "instanceInitiatedShutdownBehavior": "InstanceInitiatedShutdownBehavior", "instanceType": "InstanceType",
    "sourceDestCheck": "SourceDestCheck", "ebsOptimized": "EbsOptimized",
}  # fmt: skip


@action
def describe_instance_attribute(response: Response) -> t.Any:
    one = find(response.ec2_backend, response._get_param("InstanceId"))
    name = response._get_param("Attribute")
    if name == "groupSet":
        groups = [{"GroupId": group.id, "GroupName": group.name} for group in one.security_groups]
        return Ec2Result({"InstanceId": one.id, "Groups": groups})
    if name not in ATTRIBUTES:
        raise NotImplementedError(f"DescribeInstanceAttribute of {name}")
    key = ATTRIBUTES[name]
    value = getattr(one, CHANGEABLE[key][0])
    return Ec2Result({"InstanceId": one.id, key: {"Value": value} if value is not None else {}})


def others_may_not_run(_: Backend, *__: t.Any, **___: t.Any) -> t.NoReturn:
    """Spot requests, fleets and other services would make moto's own instances, which nothing here checks."""
    raise NotImplementedError("instances that a service other than EC2 and Auto Scaling launches")
