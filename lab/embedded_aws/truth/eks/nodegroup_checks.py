# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What AWS checks of a node group before it makes anything.

https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateNodegroup.html and
https://docs.aws.amazon.com/eks/latest/userguide/launch-templates.html
"""

from __future__ import annotations

import re

from moto.core.exceptions import ServiceException

from lab.embedded_aws.truth.ec2 import launch_templates
from lab.embedded_aws.truth.ecs.grants import role as find_role
from lab.embedded_aws.truth.eks import roles
from lab.embedded_aws.truth.eks.base import Backend, Body, bad_request, ec2_of, invalid, not_modelled
from lab.embedded_aws.truth.eks.cluster import Cluster

NAME = re.compile(r"[0-9A-Za-z][A-Za-z0-9_-]{0,62}")
EFFECTS = ("NO_SCHEDULE", "NO_EXECUTE", "PREFER_NO_SCHEDULE")
LABEL_KEY = re.compile(r"([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?")
LABEL = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?")
MOST_TAINTS, MOST_UNAVAILABLE = 50, 100
SIZES = {"minSize": 2, "maxSize": 2, "desiredSize": 2}
# Prohibited in a launch template of managed nodes, with AWS's words where they are known.
PROHIBITED = {
    "IamInstanceProfile": "Launch template should not specify an instance profile. The noderole in your request will "
    "be used to construct an instance profile.",
    "InstanceMarketOptions": "Launch template should not specify instance market options.",
    "HibernationOptions": "Launch template should not specify hibernation options.",
    "InstanceInitiatedShutdownBehavior": "Launch template should not specify a shutdown behavior.",
}


def role(backend: Backend, arn: str) -> None:
    if find_role(backend, arn) is None:
        invalid(f"The role with name {arn.rpartition('/')[2]} cannot be found.")
    if not roles.trusts(backend, arn, roles.NODE):
        invalid(f"Following required service principals [{roles.NODE}] were not found in the trust relationships of "
                f"nodeRole {arn}")  # fmt: skip


def subnets(cluster: Cluster, ids: list[str]) -> None:
    known = {one.id: one for zone in ec2_of(cluster.backend).subnets.values() for one in zone.values()}
    if not ids:
        invalid("Subnets must not be empty")
    for one in ids:
        if one not in known:
            invalid(f"The subnet ID '{one}' does not exist (Service: Ec2, Status Code: 400)")
        if known[one].vpc_id != cluster.vpc:
            invalid(f"Subnet {one} is not in the VPC of the cluster: {cluster.vpc}")


def sizes(given: Body | None, before: dict[str, int]) -> dict[str, int]:
    found = {**before, **{key: int(value) for key, value in (given or {}).items()}}
    if found["minSize"] < 0 or found["maxSize"] < 1 or found["desiredSize"] < 0:
        invalid("minSize and desiredSize must be at least 0, maxSize at least 1")
    if found["minSize"] > found["desiredSize"]:
        invalid(f"Minimum capacity {found['minSize']} can't be greater than desired size {found['desiredSize']}")
    if found["desiredSize"] > found["maxSize"]:
        invalid(f"Desired capacity {found['desiredSize']} can't be greater than max size {found['maxSize']}")
    return found


def update_config(given: Body | None) -> Body:
    found = dict(given or {"maxUnavailable": 1})
    if found.get("updateStrategy", "DEFAULT") != "DEFAULT":
        not_modelled(f"node groups with updateStrategy {found['updateStrategy']}")
    if ("maxUnavailable" in found) == ("maxUnavailablePercentage" in found):
        invalid("Exactly one of maxUnavailable and maxUnavailablePercentage must be given")
    most = int(found.get("maxUnavailable") or found.get("maxUnavailablePercentage") or 0)
    if not 1 <= most <= MOST_UNAVAILABLE:
        invalid(f"maxUnavailable must be from 1 to {MOST_UNAVAILABLE}")
    return found


def labels(given: dict[str, str] | None) -> dict[str, str]:
    for key, value in (given or {}).items():
        wrong = not LABEL_KEY.fullmatch(key) or not LABEL.fullmatch(value) or len(value) > 63
        if wrong or key.partition("/")[0].endswith("kubernetes.io"):
            invalid(f"Label is not valid or reserved: {key}={value}")
    return dict(given or {})


def taints(given: list[Body] | None) -> list[Body]:
    seen = set()
    for one in given or []:
        if one.get("effect") not in EFFECTS:
            invalid(f"Taint effect is not valid: {one.get('effect')}")
        if not LABEL_KEY.fullmatch(str(one.get("key"))) or not LABEL.fullmatch(str(one.get("value") or "")):
            invalid(f"Taint is not valid: {one.get('key')}={one.get('value')}")
        if (one["key"], one["effect"]) in seen:
            invalid(f"Taints must be unique by key and effect: {one['key']}")
        seen.add((one["key"], one["effect"]))
    if len(given or []) > MOST_TAINTS:
        invalid(f"A node group may have at most {MOST_TAINTS} taints")
    return [{"key": one["key"], "value": one.get("value") or "", "effect": one["effect"]} for one in given or []]


def template(backend: Backend, given: Body | None) -> tuple[dict[str, str] | None, Body]:
    """The launch template of a request as it is kept, and the data of its version."""
    if not given:
        return None, {}
    if bool(given.get("id")) == bool(given.get("name")):
        invalid("Either provide launch template ID or launch template name in the request.")
    named = {"LaunchTemplateId": given.get("id"), "LaunchTemplateName": given.get("name")}
    try:
        home = launch_templates.find(ec2_of(backend), {key: value for key, value in named.items() if value})
        version = home.get_version(given.get("version") or "$Default")
    except ServiceException as refused:
        bad_request(str(refused.message))
    _allowed(version.data)
    return {"id": home.id, "name": home.name, "version": str(version.number)}, version.data


def _allowed(data: Body) -> None:
    for name, said in PROHIBITED.items():
        if data.get(name):
            bad_request(said)
    if any(one.get("SubnetId") for one in data.get("NetworkInterfaces") or []):
        bad_request("Launch template should not specify a subnet.")


def together(given: Body, data: Body) -> None:
    """Refuse what is said in both places, or in the wrong one."""
    if not given.get("launchTemplate"):
        return
    if given.get("diskSize"):
        invalid("Disk size must be specified within the launch template.")
    if given.get("remoteAccess"):
        invalid("Remote access configuration cannot be specified with a launch template.")
    if given.get("instanceTypes") and data.get("InstanceType"):
        bad_request("Cannot specify instance types in launch template and API request")
    if data.get("ImageId"):
        if given.get("amiType") not in (None, "CUSTOM"):
            bad_request("You cannot specify an AMI Type when specifying an image id within the launch template.")
        for name in ("version", "releaseVersion"):
            if given.get(name):
                invalid(f"You cannot specify the field {name} when using custom AMIs.")


def modelled(given: Body) -> None:
    for name in ("remoteAccess", "warmPoolConfig"):
        if given.get(name):
            not_modelled(f"node groups with {name}")
    if given.get("capacityType") not in (None, "ON_DEMAND", "SPOT"):
        not_modelled(f"node groups of capacityType {given['capacityType']}")


def version(cluster: Cluster, wanted: str | None, before: str | None = None) -> str:
    """A node group has the cluster's version, or keeps its own."""
    if wanted in (None, cluster.version) or wanted == before:
        return wanted or cluster.version
    invalid(f"Nodegroup Kubernetes version should be equal to Cluster kubernetes version {cluster.version}"
            + (f" or NodeGroup kubernetes version {before}" if before else ""))  # fmt: skip
