"""The causes: each in the documentation, each provoked by a test, each at a stage."""

from __future__ import annotations

import re
from pathlib import Path

from ansible_collections.cloister.aws.plugins.module_utils.reachability.causes import CAUSES
from ansible_collections.cloister.aws.plugins.module_utils.reachability.verdict import STAGES

HERE = Path(__file__)
PAGE = HERE.parents[4] / "docs/reachability.md"


def test_the_documentation_has_every_cause_in_the_words_of_the_code() -> None:
    rows = re.findall(r"^\| (\w+) \| `([a-z0-9-]+)` \| (.+) \|$", PAGE.read_text(encoding="utf-8"), re.M)
    assert rows == [(cause.stage, slug, cause.meaning) for slug, cause in CAUSES.items()]


def test_causes_come_in_the_order_of_the_stages() -> None:
    stages = [cause.stage for cause in CAUSES.values()]
    assert stages == sorted(stages, key=[*STAGES].index)


def test_every_cause_is_provoked_by_a_test() -> None:
    tests = "".join(file.read_text(encoding="utf-8") for file in HERE.parent.glob("test_*.py") if file != HERE)
    assert [slug for slug in CAUSES if f'"{slug}"' not in tests] == []
