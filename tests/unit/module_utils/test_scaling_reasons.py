"""From what Auto Scaling tells of its activities to a cause and a way out."""

from __future__ import annotations

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._scaling_reasons import cause, explained, failed, hopeless

NO_ROOM = (
    "We currently do not have sufficient g5.xlarge capacity in the Availability Zone you requested (us-west-2a). Our "
    "system will be working on provisioning additional capacity. Launching EC2 instance failed."
)
QUOTA = (
    "You have requested more vCPU capacity than your current vCPU limit of 0 allows for the instance bucket that the "
    "specified instance type belongs to. Launching EC2 instance failed."
)


def activity(
    message: str = "", status: str = "Failed", said: str = "a difference between desired and actual"
) -> dict[str, str]:
    return {"ActivityId": message[:8], "StatusCode": status, "StatusMessage": message, "Cause": said}


@pytest.mark.parametrize(
    ("message", "slug", "passes"),
    [
        (NO_ROOM, "no capacity", True),
        ("Could not launch Spot Instances. InsufficientInstanceCapacity - no room", "no capacity", True),
        ("UnfulfillableCapacity - Unable to fulfill capacity", "no capacity", True),
        (QUOTA, "quota", False),
        ("Could not launch On-Demand Instances. VcpuLimitExceeded - You have requested", "quota", False),
        ("MaxSpotInstanceCountExceeded - Max spot instance count exceeded", "quota", False),
        ("Your Spot request price of 0.01 is lower than the minimum required", "price", True),
        ("Your type (g5.xlarge) is not supported in your requested Availability Zone", "not offered", True),
        ("InsufficientFreeAddressesInSubnet - There are not enough free addresses in subnet", "addresses", True),
        ("Instance became unhealthy while waiting. Client.InternalError: Client error on launch", "key", False),
        ("The image id '[ami-0123]' does not exist. Launching EC2 instance failed.", "image", False),
        ("Volume of size 8GB is smaller than snapshot 'snap-1', expect size >= 30GB", "volume", False),
        ("User is not authorized to perform: iam:PassRole", "permission", False),
        ("The security group 'sg-1' does not exist. Launching EC2 instance failed.", "missing", False),
        ("Something that AWS never said before", "unknown", True),
    ],
)  # fmt: skip
def test_a_message_leads_to_its_likely_cause(message: str, slug: str, passes: bool) -> None:
    found = cause(message)
    assert (found.slug, found.passes) == (slug, passes)


def test_each_reason_is_told_once_with_what_to_do() -> None:
    told = explained([activity(NO_ROOM), activity(NO_ROOM), activity(QUOTA)])
    assert told.count("g5.xlarge capacity") == 1
    assert "(2 times)" in told
    assert "Likely: the account's vCPU quota" in told
    assert "request-service-quota-increase" in told


def test_machines_that_fail_their_health_checks_are_told() -> None:
    said = "At 2026 an instance was taken out of service in response to an ELB system health check failure."
    told = explained([activity("", "Successful", said)])
    assert "taken out because of their health checks (1 times)" in told
    assert "grace_seconds" in told


def test_silence_is_told_as_such() -> None:
    assert explained([activity("", "Successful")]) == "AWS tells no reason yet."


def test_only_the_newest_end_decides_whether_to_go_on_waiting() -> None:
    running = activity("", "InProgress")
    assert hopeless([running, activity(QUOTA), activity("", "Successful")]) == activity(QUOTA)
    assert hopeless([activity("", "Successful"), activity(QUOTA)]) is None
    assert hopeless([activity(NO_ROOM), activity(QUOTA)]) is None
    assert hopeless([running]) is None


def test_what_only_runs_has_not_failed() -> None:
    assert failed([activity(QUOTA, "InProgress"), activity("", "Failed")]) == []
