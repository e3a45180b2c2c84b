# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Event patterns match what EventBridge's would, and nothing else."""

from __future__ import annotations

import typing as t

import pytest

from lab.embedded_aws.truth.events.patterns import PatternError, check, matches

EVENT: dict[str, t.Any] = {
    "source": "aws.ec2",
    "detail-type": "AWS API Call via CloudTrail",
    "resources": ["arn:a", "arn:b"],
    "detail": {
        "eventName": "CreateNetworkInterface",
        "sourceIPAddress": "eks.amazonaws.com",
        "requestParameters": {"description": "Amazon EKS kr-main", "subnetId": "subnet-1"},
        "responseElements": {
            "networkInterface": {
                "privateIpAddress": "10.0.3.7",
                "groupSet": {"items": [{"groupId": "sg-1", "own": True}, {"groupId": "sg-2", "own": False}]},
            }
        },
        "count": 3,
        "error": None,
        "readOnly": False,
    },
}
GROUPS = ("detail", "responseElements", "networkInterface", "groupSet", "items")


def within(path: tuple[str, ...], leaf: t.Any) -> dict[str, t.Any]:
    """A pattern of one field."""
    for key in reversed(path):
        leaf = {key: leaf}
    return t.cast("dict[str, t.Any]", leaf)


@pytest.mark.parametrize(
    "pattern",
    [
        {"source": ["aws.ec2", "aws.eks"]},
        {"resources": ["arn:b"]},
        within(("detail", "eventName"), ["CreateNetworkInterface"]),
        within(("detail", "requestParameters", "description"), [{"prefix": "Amazon EKS "}]),
        within(("detail", "requestParameters", "description"), [{"suffix": "kr-main"}]),
        within(("detail", "requestParameters", "description"), [{"wildcard": "Amazon * kr-*"}]),
        within(("detail", "requestParameters", "description"), [{"equals-ignore-case": "amazon eks KR-main"}]),
        within(("detail", "requestParameters", "description"), [{"prefix": {"equals-ignore-case": "AMAZON"}}]),
        within(("detail", "sourceIPAddress"), [{"anything-but": ["127.0.0.1"]}]),
        within(("detail", "sourceIPAddress"), [{"anything-but": {"prefix": "10."}}]),
        within(("detail", "count"), [{"numeric": [">", 1, "<=", 3]}]),
        within(("detail", "count"), [3.0]),
        within(("detail", "error"), [None]),
        within(("detail", "readOnly"), [False]),
        within(("detail", "nothing"), [{"exists": False}]),
        within(("detail", "nothing", "deeper"), [{"exists": False}]),
        within(("detail", "count"), [{"exists": True}]),
        within(("detail", "responseElements", "networkInterface", "privateIpAddress"), [{"cidr": "10.0.0.0/16"}]),
        within((*GROUPS, "groupId"), ["sg-2"]),
        within(GROUPS, {"groupId": ["sg-1"], "own": [True]}),
        {"$or": [{"source": ["aws.rds"]}, within(("detail", "count"), [3])]},
    ],
)
def test_what_meets_a_pattern_is_matched(pattern: dict[str, t.Any]) -> None:
    check(pattern)
    assert matches(pattern, EVENT)


@pytest.mark.parametrize(
    "pattern",
    [
        {"source": ["aws.eks"]},
        {"source": ["aws.ec2"], "detail-type": ["Scheduled Event"]},
        within(("detail", "requestParameters", "description"), ["Amazon EKS kr"]),
        within(("detail", "requestParameters", "description"), [{"prefix": "amazon"}]),
        within(("detail", "sourceIPAddress"), [{"anything-but": "eks.amazonaws.com"}]),
        within(("detail", "nothing"), [{"anything-but": "x"}]),
        within(("detail", "nothing"), [None]),
        within(("detail", "nothing"), [{"exists": True}]),
        within(("detail", "requestParameters"), [{"exists": True}]),
        within(("detail", "count"), ["3"]),
        within(("detail", "readOnly"), [0]),
        within(("detail", "count"), [{"numeric": ["<", 3]}]),
        within(("detail", "responseElements", "networkInterface", "privateIpAddress"), [{"cidr": "10.1.0.0/16"}]),
        within(GROUPS, {"groupId": ["sg-1"], "own": [False]}),
        {"$or": [{"source": ["aws.rds"]}, within(("detail", "count"), [4])]},
    ],
)
def test_what_does_not_meet_a_pattern_is_not(pattern: dict[str, t.Any]) -> None:
    check(pattern)
    assert not matches(pattern, EVENT)


@pytest.mark.parametrize(
    "pattern",
    [
        [],
        {},
        {"source": "aws.ec2"},
        {"source": []},
        {"source": [["aws.ec2"]]},
        {"source": [{"begins": "aws"}]},
        {"source": [{"prefix": ""}]},
        {"source": [{"prefix": "a", "suffix": "b"}]},
        {"source": [{"exists": "true"}]},
        {"source": [{"numeric": [">"]}]},
        {"source": [{"numeric": ["=>", 1]}]},
        {"source": [{"cidr": "10.0.0.300/8"}]},
        {"source": [{"anything-but": [None]}]},
        {"source": [{"anything-but": {"exists": True}}]},
        {"$or": [{"source": ["a"]}]},
    ],
)
def test_what_is_no_pattern_is_refused(pattern: t.Any) -> None:
    with pytest.raises(PatternError):
        check(pattern)
