# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What pods run on: node groups whose types fit their image, and Fargate profiles.

https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateNodegroup.html,
https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateFargateProfile.html
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._instance_types import architecture, has_gpu, well_formed
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.problems import Problem, shown
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.region import Item, Region, vpc_of
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules.eks_roles import taken
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules.endpoints import twice
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules.names import PART, refer
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules.shared import tags

TAGS_LEFT, LONGEST_NAME, LARGEST_SIZE, MOST_TYPES, MOST_TAINTS = 10, 63, 450, 20, 50
MOST_SELECTORS, MOST_SELECTOR_LABELS, SMALLEST_GIB = 5, 5, 20
NODE_POLICIES = ("AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryPullOnly/AmazonEC2ContainerRegistryReadOnly")
POD_POLICIES = ("AmazonEKSFargatePodExecutionRolePolicy",)
# Labels and taints: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set
KEY = re.compile(r"([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?", re.ASCII)
VALUE = re.compile(r"([A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?)?", re.ASCII)
RESERVED = re.compile(r"(.*\.)?(kubernetes\.io|k8s\.io|eks\.amazonaws\.com)/")
RELEASE = re.compile(r"1\.\d+\.\d+-\d{8}")
GPU_IMAGE, ARM_IMAGE = "_NVIDIA", "_ARM_64"


def rules(cluster: Item, region: Region) -> t.Iterator[Problem]:
    """What is wrong with what the pods of a cluster run on."""
    for variable, noun, judge in (
        ("eks_node_groups", "node group", _group),
        ("eks_fargate_profiles", "Fargate profile", _profile),
    ):
        seen: dict[str, Item] = {}
        for item in region.items(variable):
            if item.stack != cluster.stack:
                continue
            yield from _name(item, noun, seen)
            yield from _places(item, cluster, region)
            yield from tags(item.child("tags") if item.get("tags") else None, TAGS_LEFT)
            yield from judge(item, region)


def _name(item: Item, noun: str, seen: dict[str, Item]) -> t.Iterator[Problem]:
    name = item.name
    if name and (not PART.fullmatch(name) or len(name) > LONGEST_NAME):
        right = f"at most {LONGEST_NAME} lowercase letters, digits and hyphens, a letter or digit at both ends"
        yield item.problem("name", f"{shown(name)} cannot be the name of a {noun}.", right)
    elif name.startswith("eks-") and noun == "Fargate profile":
        yield item.problem("name", "EKS keeps names that begin with eks- to itself.", "another name")
    if name in seen:
        found = f"The {noun} {name} is there already: {seen[name].spelled}."
        yield item.problem("name", found, "a name that no other has in this cluster")
    seen.setdefault(name, item)


def _places(item: Item, cluster: Item, region: Region) -> t.Iterator[Problem]:
    subnets = region.named("network_subnets")
    homes: dict[str, str] = {}
    for one in cluster.items("subnets"):
        subnet = subnets.get(str(one.value))
        vpc = vpc_of(subnet, region) if subnet else None
        homes |= {vpc.name: str(one.value)} if vpc else {}
    yield from twice(item.child("subnets"))
    if item.get("subnets") == []:
        yield item.problem("subnets", "The list is empty.", "subnets: [...]")
    for one in item.items("subnets"):
        yield from refer(one, None, one.value, region, "network_subnets")
        subnet = subnets.get(str(one.value))
        vpc = vpc_of(subnet, region) if subnet else None
        if subnet and subnet.text("tier") == "public":
            found = (
                f"{subnet.name} is a public subnet, and what runs pods has no public address: it would reach nothing."
            )
            yield one.problem(None, found, "private subnets")
        if vpc and homes and vpc.name not in homes:
            found = f"{one.value} lies in VPC {vpc.name}, and the cluster in {', '.join(homes)}."
            yield one.problem(None, found, "subnets of the cluster's VPC")


def _group(group: Item, region: Region) -> t.Iterator[Problem]:
    yield from taken(group, "role", region, "ec2", NODE_POLICIES)
    yield from _types(group)
    yield from _sizes(group)
    yield from _labels(group.child("labels"))
    yield from _taints(group)
    yield from _update(group)
    if group.get("schedule"):
        yield from refer(group, "schedule", group.text("schedule"), region, "schedule_calendars")
    for one in group.items("security_groups"):
        yield from refer(one, None, one.value, region, "security_groups_defined")
    gib, hops = group.child("root_volume").get("gib", SMALLEST_GIB), group.get("metadata_hop_limit", 2)
    if isinstance(gib, int) and gib < SMALLEST_GIB:
        found = f"{gib} GiB hold no image of EKS and its pods' images."
        yield group.child("root_volume").problem("gib", found, f"{SMALLEST_GIB} or more")
    if isinstance(hops, int) and not 1 <= hops <= 64:
        yield group.problem("metadata_hop_limit", f"{hops} is out of range.", "from 1 to 64")
    release = group.text("release_version")
    if release and not RELEASE.fullmatch(release):
        right = "the release as EKS writes it, such as 1.33.1-20250715"
        yield group.problem("release_version", f"{shown(release)} is no release of an image.", right)


def _types(group: Item) -> t.Iterator[Problem]:
    image, items = group.text("ami_type", "AL2023_x86_64_STANDARD"), list(group.items("instance_types"))
    yield from twice(group.child("instance_types"))
    if group.get("instance_types") == [] or len(items) > MOST_TYPES:
        yield group.problem("instance_types", f"{len(items)} types.", f"from 1 to {MOST_TYPES}")
    wanted = "arm64" if ARM_IMAGE in image else "x86_64"
    for item in items:
        name = str(item.value)
        if not well_formed(name):
            yield item.problem(None, f"{shown(name)} is not an instance type.", "a type such as t3.large")
            continue
        if architecture(name) not in (None, wanted):
            other = image.replace("x86_64", "ARM_64") if wanted == "x86_64" else image.replace("ARM_64", "x86_64")
            yield item.problem(None, f"{name} is {architecture(name)}, and {image} is not.", f"ami_type: {other}")
        elif has_gpu(name) is False and image.endswith(GPU_IMAGE):
            yield item.problem(None, f"{name} has no GPU, and {image} is for GPUs.", "a type such as g5.xlarge")
        elif has_gpu(name) and not image.endswith(GPU_IMAGE):
            right = f"ami_type: {image.replace('_STANDARD', '')}{GPU_IMAGE}"
            yield item.problem(None, f"{name} is paid for its GPU, and {image} has no driver for it.", right)


def _sizes(group: Item) -> t.Iterator[Problem]:
    size = group.child("size")
    low, high, desired = size.get("min"), size.get("max"), size.get("desired")
    if not isinstance(low, int) or not isinstance(high, int):
        return
    if not 0 <= low <= high:
        yield size.problem("min", f"min is {low} and max is {high}.", f"min from 0 to {high}, or a larger max")
    elif not 1 <= high <= LARGEST_SIZE:
        yield size.problem("max", f"{high} is out of range.", f"from 1 to {LARGEST_SIZE}")
    elif isinstance(desired, int) and not low <= desired <= high:
        yield size.problem("desired", f"{desired} is not between {low} and {high}.", "a size from min to max")


def _labels(labels: Item) -> t.Iterator[Problem]:
    said = labels.value if isinstance(labels.value, t.Mapping) else {}
    for key, value in said.items():
        if not KEY.fullmatch(str(key)) or RESERVED.match(str(key)):
            found = f"{shown(key)} cannot be the key of a label" + (
                ": Kubernetes and EKS keep it to themselves." if RESERVED.match(str(key)) else "."
            )
            yield labels.problem(
                key, found, "letters, digits, - _ and ., with a domain of one's own and a slash before"
            )
        elif not isinstance(value, (str, int)) or isinstance(value, bool) or not VALUE.fullmatch(str(value)):
            right = "at most 63 letters, digits, - _ and ., in quotes where YAML reads something else"
            yield labels.problem(key, f"{shown(value)} cannot be the value of a label.", right)


def _taints(group: Item) -> t.Iterator[Problem]:
    taints, seen = list(group.items("taints")), set()
    if len(taints) > MOST_TAINTS:
        yield group.problem("taints", f"{len(taints)} taints; EKS takes {MOST_TAINTS}.", "fewer")
    for taint in taints:
        key, value = taint.text("key"), taint.text("value")
        if key and not KEY.fullmatch(key):
            yield taint.problem("key", f"{shown(key)} cannot be the key of a taint.", "a key such as nvidia.com/gpu")
        if value and not VALUE.fullmatch(value):
            yield taint.problem("value", f"{shown(value)} cannot be the value of a taint.", "at most 63 characters")
        if (key, taint.text("effect")) in seen:
            yield taint.problem("key", f"{key} is there twice with {taint.text('effect')}.", "each once")
        seen.add((key, taint.text("effect")))


def _update(group: Item) -> t.Iterator[Problem]:
    update = group.child("update")
    for key in ("max_unavailable", "max_unavailable_percent"):
        value = update.get(key)
        if isinstance(value, int) and not 1 <= value <= 100:
            yield update.problem(key, f"{value} is out of range.", "from 1 to 100")


def _profile(profile: Item, region: Region) -> t.Iterator[Problem]:
    yield from taken(profile, "role", region, "eks-fargate-pods", POD_POLICIES)
    selectors = list(profile.items("selectors"))
    if not 1 <= len(selectors) <= MOST_SELECTORS:
        yield profile.problem("selectors", f"{len(selectors)} selectors.", f"from 1 to {MOST_SELECTORS}")
    for selector in selectors:
        labels = selector.get("labels", {})
        if isinstance(labels, t.Mapping) and len(labels) > MOST_SELECTOR_LABELS:
            yield selector.problem("labels", f"{len(labels)} labels.", f"at most {MOST_SELECTOR_LABELS}")
