# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Lifecycle policies: the rules between their rules, beside what moto checks of each.

https://docs.aws.amazon.com/AmazonECR/latest/userguide/lifecycle_policy_parameters.html
"""

from __future__ import annotations

import json
import typing as t

from lab.embedded_aws.truth.patching import refuser

refuse = refuser("ecr")

FEWEST, MOST = 100, 30720
MOST_WILDCARDS = 4


def check(_: t.Any, registry_id: str, repository_name: str, lifecycle_policy_text: str) -> None:
    if not FEWEST <= len(lifecycle_policy_text) <= MOST:
        _refuse(f"string has {len(lifecycle_policy_text)} characters, {FEWEST} to {MOST} are allowed")
    try:
        rules = json.loads(lifecycle_policy_text)["rules"]
        selections = {rule["rulePriority"]: rule["selection"] for rule in rules}
    except (ValueError, KeyError, TypeError):
        return  # moto says what is wrong with its form
    if len(selections) < len(rules):
        _refuse("rulePriority must be unique")
    for priority, selection in selections.items():
        _check_selection(priority, selection, max(selections))


def _check_selection(priority: int, selection: dict[str, t.Any], last: int) -> None:
    status = selection.get("tagStatus")
    lists = [key for key in ("tagPatternList", "tagPrefixList") if selection.get(key)]
    if status == "tagged" and len(lists) != 1:
        _refuse("tagged needs either tagPatternList or tagPrefixList")
    if status in ("untagged", "any") and lists:
        _refuse(f"{status} takes no {lists[0]}")
    if status == "any" and priority != last:
        _refuse("a rule for any must have the highest rulePriority")
    if any(pattern.count("*") > MOST_WILDCARDS for pattern in selection.get("tagPatternList", ())):
        _refuse(f"a pattern has at most {MOST_WILDCARDS} wildcards")
    aged = selection.get("countType") == "sinceImagePushed"
    if aged != ("countUnit" in selection):
        _refuse("countUnit belongs to sinceImagePushed, and to nothing else")


def _refuse(why: str) -> t.NoReturn:
    refuse(
        "InvalidParameterException",
        "Invalid parameter at 'LifecyclePolicyText' failed to satisfy constraint: "
        f"'Lifecycle policy validation failure: {why}'",
    )
