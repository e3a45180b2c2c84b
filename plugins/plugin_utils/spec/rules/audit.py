# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The trail: what it is called, how long its files are kept, with which key.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-trail-naming-requirements.html,
https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
"""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.plugin_utils.spec.problems import Problem, shown
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.region import Item, Region
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules.identity import partition_problems
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules.names import PART
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules.registry import KEY

LONGEST_BUCKET, ACCOUNT_CHARACTERS, MOST_DAYS = 63, 12, 36500


def rules(region: Region) -> t.Iterator[Problem]:
    """Whatever CloudTrail or S3 would refuse, and two trails of one name."""
    seen: dict[str, str] = {}
    for trail in region.variables("audit_trail"):
        yield from _name(trail, region)
        yield from _days(trail)
        yield from _key(trail, region)
        if trail.name in seen:
            found = f"The stack {seen[trail.name]} has a trail called {trail.name} already."
            yield trail.problem("name", found, "a name that no other has in this region")
        seen.setdefault(trail.name, trail.stack)


def _name(trail: Item, region: Region) -> t.Iterator[Problem]:
    name = trail.name
    if not name:
        return
    if not PART.fullmatch(name):
        right = "lowercase letters, digits and hyphens, with a letter or digit at both ends"
        yield trail.problem("name", f"{shown(name)} cannot be the name of a trail.", right)
        return
    bucket = f"{region.shared('region_name', '')}-trail-{name}-{'0' * ACCOUNT_CHARACTERS}"
    if len(bucket) > LONGEST_BUCKET:
        found = f"Its bucket would be called {bucket}, {len(bucket)} characters long."
        right = f"at most {max(0, len(name) - (len(bucket) - LONGEST_BUCKET))} characters"
        yield trail.problem("name", found, right)


def _days(trail: Item) -> t.Iterator[Problem]:
    days = trail.get("retention_days")
    if isinstance(days, int) and not 0 <= days <= MOST_DAYS:
        yield trail.problem("retention_days", f"{days} days cannot be.", f"from 1 to {MOST_DAYS}, or 0 for ever")


def _key(trail: Item, region: Region) -> t.Iterator[Problem]:
    arn = trail.text("kms_key_arn")
    if not arn:
        return
    said, home = KEY.fullmatch(arn), region.shared("region_aws_region")
    if not said:
        right = "arn:{{ region_partition }}:kms:{{ region_aws_region }}:111122223333:key/..."
        yield trail.problem("kms_key_arn", f"{shown(arn)} is not the ARN of a key.", right)
    elif home and said["region"] != home:
        found = f"The key lies in {said['region']}, and the bucket of the trail in {home}."
        yield trail.problem("kms_key_arn", found, f"a key of {home}")
    yield from partition_problems(trail.child("kms_key_arn"), region)
