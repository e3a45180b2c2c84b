"""Events as EventBridge hands them to a function: CloudTrail's record of a call in ``detail``.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
"""

from __future__ import annotations

import copy
import datetime
import typing as t

Event = dict[str, t.Any]
CLUSTER, VPC, INTERFACE, ADDRESS = "us-main", "vpc-0a1b2c3d4e5f60718", "eni-0f1e2d3c4b5a69788", "192.168.1.77"

_BY_EKS: Event = {
    "version": "0", "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718", "detail-type": "AWS API Call via CloudTrail",
    "source": "aws.ec2", "account": "111122223333", "region": "us-west-2", "resources": [],
    "detail": {
        "eventVersion": "1.10", "eventSource": "ec2.amazonaws.com", "eventName": "CreateNetworkInterface",
        "awsRegion": "us-west-2", "sourceIPAddress": "eks.amazonaws.com", "userAgent": "eks.amazonaws.com",
        "userIdentity": {"type": "AssumedRole", "invokedBy": "eks.amazonaws.com"}, "readOnly": False,
        "eventType": "AwsApiCall", "managementEvent": True, "eventCategory": "Management",
        "requestParameters": {
            "subnetId": "subnet-0123456789abcdef0", "description": f"Amazon EKS {CLUSTER}",
            "groupSet": {"items": [{"groupId": "sg-0123456789abcdef0"}]}, "privateIpAddressesSet": {},
        },
        "responseElements": {
            "requestId": "0c6e1f0e-54d6-4d9a-8f5a-aaaaaaaaaaaa",
            "networkInterface": {
                "networkInterfaceId": INTERFACE, "subnetId": "subnet-0123456789abcdef0", "vpcId": VPC,
                "availabilityZone": "us-west-2a", "description": f"Amazon EKS {CLUSTER}", "ownerId": "111122223333",
                "requesterManaged": False, "status": "pending", "privateIpAddress": ADDRESS,
                "privateIpAddressesSet": {"item": [{"privateIpAddress": ADDRESS, "primary": True}]},
            },
        },
    },
}  # fmt: skip

SWEEP: Event = {
    "version": "0", "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa", "detail-type": "Scheduled Event",
    "source": "aws.events", "account": "111122223333", "region": "us-west-2", "time": "2026-01-01T00:00:00Z",
    "resources": ["arn:aws:events:us-west-2:111122223333:rule/us-api-sweep"], "detail": {},
}  # fmt: skip


def by_eks(vpc: str = VPC, address: str = ADDRESS, cluster: str = CLUSTER, seconds_ago: float = 2.0) -> Event:
    """EKS made an interface for a cluster."""
    event = copy.deepcopy(_BY_EKS)
    then = datetime.datetime.now(datetime.UTC) - datetime.timedelta(seconds=seconds_ago)
    event["time"] = event["detail"]["eventTime"] = then.strftime("%Y-%m-%dT%H:%M:%SZ")
    made = event["detail"]["responseElements"]["networkInterface"]
    made.update(vpcId=vpc, privateIpAddress=address, description=f"Amazon EKS {cluster}")
    event["detail"]["requestParameters"]["description"] = f"Amazon EKS {cluster}"
    return event


def _detail(**said: t.Any) -> Event:
    event = by_eks()
    event["detail"].update(said)
    return event


def _described(text: str) -> Event:
    event = by_eks()
    event["detail"]["requestParameters"]["description"] = text
    return event


NOISE: dict[str, Event] = {
    "a node's own interface, made by the CNI plugin": _detail(
        sourceIPAddress="192.168.1.20",
        userAgent="amazon-vpc-cni-k8s",
        requestParameters={"description": "aws-K8S-i-0123456789abcdef0", "subnetId": "subnet-0123456789abcdef0"},
    ),
    "another cluster whose name begins the same": by_eks(cluster=f"{CLUSTER}-2"),
    "a person who writes what EKS writes": _detail(sourceIPAddress="203.0.113.9"),
    "a load balancer's interface": _detail(sourceIPAddress="elasticloadbalancing.amazonaws.com"),
    "an interface of EKS with another text": _described("aws-eks-node"),
    "a call that was refused": _detail(
        errorCode="Client.InsufficientFreeAddressesInSubnet", errorMessage="no address", responseElements=None
    ),
    "another call of EKS": _detail(eventName="CreateNetworkInterfacePermission"),
    "an interface that goes": _detail(
        eventName="DeleteNetworkInterface", requestParameters={"networkInterfaceId": INTERFACE}, responseElements=None
    ),
    "a cluster of the same name in another network": by_eks(vpc="vpc-0ffffffffffffffff"),
    "an event that was late by an hour": by_eks(seconds_ago=3600),
    "an event without a body": {"source": "aws.ec2"},
}
