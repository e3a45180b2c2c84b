# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is said once for a region: its name, where it lies, whose it is."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.cloister.aws.plugins.plugin_utils.spec.problems import BROKEN, Problem, did_you_mean, shown
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.region import Item, Region
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.shapes import WasNumber

# `<region_name>-<part>` names load balancers and target groups, which get 32 characters
# (https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html).
NAME = re.compile(r"[a-z]([a-z0-9-]{0,14}[a-z0-9])?")
AWS_REGION = re.compile(r"[a-z]{2,4}(-[a-z]+)+-\d+")
ACCOUNT = re.compile(r"\d{12}")
SAME = ("region_name", "region_aws_region", "region_partition", "region_allowed_account_ids", "region_adopted")
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html
TAG_KEY = re.compile(r"[\w +\-=.:/@]{1,128}")
TAG_VALUE = re.compile(r"[\w +\-=.:/@]{0,256}")
TAGS_LEFT = 40
_HEX = "-[0-9a-f]{8,17}"
# What can be adopted, by the noun of its kind, and how AWS writes its id.
IDS = {
    "VPC": f"vpc{_HEX}",
    "subnet": f"subnet{_HEX}",
    "security group": f"sg{_HEX}",
    "route table": f"rtb{_HEX}",
    "internet gateway": f"igw{_HEX}",
    "NAT gateway": f"nat{_HEX}",
    "Elastic IP": f"eipalloc{_HEX}",
    "hosted zone": "Z[A-Z0-9]{1,31}",
}


def rules(region: Region) -> t.Iterator[Problem]:
    """One name, one place, accounts that are accounts, tags that AWS takes."""
    yield from _differing(region)
    yield from _name(region)
    yield from _place(region)
    yield from _accounts(region)
    yield from tags(region.shared_item("region_tags"), TAGS_LEFT)
    yield from _adopted(region)


def _differing(region: Region) -> t.Iterator[Problem]:
    for variable in SAME:
        said = list(region.variables(variable))
        for item in said[1:]:
            if item.value != said[0].value:
                found = f"{shown(item.value)} for stack {item.stack}, {shown(said[0].value)} for {said[0].stack}."
                yield item.problem(None, found, "one value for all stacks of an inventory, in group_vars/all")


def _name(region: Region) -> t.Iterator[Problem]:
    item = region.shared_item("region_name")
    if item and not NAME.fullmatch(str(item.value)):
        found = f"{shown(item.value)} cannot be the first half of every name of the region."
        right = "1 to 16 lowercase letters, digits and hyphens, starting with a letter (us, kr, eu-batch)"
        yield item.problem(None, found, right)


def _place(region: Region) -> t.Iterator[Problem]:
    item, known = region.shared_item("region_aws_region"), region.aws_regions
    if item is None:
        return
    yield from region_problems(item, region)
    partition = region.shared_item("region_partition")
    if partition and known.get(str(item.value), partition.value) != partition.value:
        found = f"{item.value} lies in the partition {known[str(item.value)]}, not {shown(partition.value)}."
        yield partition.problem(None, found, known[str(item.value)])


def region_problems(item: Item, region: Region) -> t.Iterator[Problem]:
    """Yield a problem where an item is not the name of an AWS region."""
    name, known = str(item.value), region.aws_regions
    if not AWS_REGION.fullmatch(name) or (known and name not in known):
        right = did_you_mean(name, known) or "a region such as us-west-2, or a newer botocore that knows this one"
        extra = " It looks like an availability zone." if name[:-1] in known else ""
        yield item.problem(None, f"{shown(name)} is not an AWS region.{extra}", right)


def _accounts(region: Region) -> t.Iterator[Problem]:
    item = region.shared_item("region_allowed_account_ids")
    if item is None:
        return
    if not item.value:
        yield item.problem(None, "No account is allowed, so nothing could be built.", 'the account, ["111122223333"]')
    for account in item.items():
        yield from account_problems(account)


def account_problems(item: Item) -> t.Iterator[Problem]:
    """Yield a problem where an item is not an account id as a text."""
    text = str(item.value)
    if isinstance(item.value, WasNumber):
        found = f"{text} is written without quotes: YAML reads a number, and loses a leading zero."
        yield item.problem(None, found, 'the 12 digits of the account in quotes, "012345678901"')
    elif not ACCOUNT.fullmatch(text):
        yield item.problem(None, f"{shown(item.value)} is not an AWS account id.", "12 digits in quotes")


def tags(item: Item | None, most: int) -> t.Iterator[Problem]:
    """Tags that AWS takes, leaving room for those that say whose a thing is."""
    if item is None or not isinstance(item.value, t.Mapping):
        return
    if len(item.value) > most:
        found = f"{len(item.value)} tags; AWS takes 50 on a thing, and some say whose it is."
        yield item.problem(None, found, f"at most {most}")
    for key, value in item.value.items():
        name = str(key)
        if value is BROKEN:
            continue
        if name.lower().startswith(("aws:", "cloister:")) or name == "Name":
            yield item.problem(key, f"The tag {shown(name)} is not for an inventory to set.", "another key")
        elif not TAG_KEY.fullmatch(name):
            right = "1 to 128 letters, digits, spaces and + - = . _ : / @"
            yield item.problem(key, f"{shown(name)} cannot be the key of a tag.", right)
        elif isinstance(value, bool) or not isinstance(value, (str, int)):
            yield item.problem(key, f"{shown(value)} is not a text.", "a text, in quotes")
        elif not TAG_VALUE.fullmatch(str(value)):
            right = "up to 256 letters, digits, spaces and + - = . _ : / @"
            yield item.problem(key, f"{shown(value)} cannot be the value of a tag.", right)


def _adopted(region: Region) -> t.Iterator[Problem]:
    item = region.shared_item("region_adopted")
    if item is None or not isinstance(item.value, t.Mapping):
        return
    for kind, names in item.value.items():
        here = item.child(kind)
        if not isinstance(names, t.Mapping):
            yield here.problem(None, f"{shown(names)} is not a dict.", "names and ids, {main: vpc-0123456789abcdef0}")
        elif kind not in IDS:
            right = f"one of {', '.join(IDS)}"
            yield here.problem(None, f"{shown(kind)} is no kind of thing that can be adopted.", right)
        else:
            for name, found in names.items():
                if not re.fullmatch(IDS[kind], str(found)):
                    example = IDS[kind].split("-[")[0].split("[")[0]
                    yield here.problem(
                        name, f"{shown(found)} is not the id of a {kind}.", f"{example}-..., as AWS gives it"
                    )
