"""Versions of Kubernetes: which step a cluster may take, and whose support ends."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._eks_versions import endings, refuse_step
from ansible_collections.cloister.aws.plugins.module_utils._errors import ImmutableError

SAID = [
    {
        "clusterVersion": version,
        "endOfStandardSupportDate": datetime(2026, month, 29, tzinfo=UTC),
        "endOfExtendedSupportDate": datetime(2027, month, 29, tzinfo=UTC),
    }
    for version, month in (("1.33", 7), ("1.34", 12))
]


def notes(version: str, policy: str, day: datetime) -> list[str]:
    return endings([{"name": "main", "version": version, "upgrade_policy": policy}], SAID, day)


@pytest.mark.parametrize(("now", "wanted"), [("1.32", "1.33"), ("1.33", "1.33"), ("1.9", "1.10")])
def test_a_step_of_one_is_taken(now: str, wanted: str) -> None:
    refuse_step("main", now, wanted)


@pytest.mark.parametrize(
    ("now", "wanted", "words"),
    [
        ("1.33", "1.32", "cannot go back to 1.32; set version: '1.33'"),
        ("1.31", "1.33", "set version: '1.32', run, and go on so until 1.33"),
        ("1.9", "1.11", "set version: '1.10'"),
    ],
)
def test_any_other_step_is_refused_with_what_to_set(now: str, wanted: str, words: str) -> None:
    with pytest.raises(ImmutableError) as refused:
        refuse_step("main", now, wanted)
    assert words in str(refused.value)


def test_support_that_ends_is_told_with_what_comes_then() -> None:
    early, soon, late = (datetime(2026, *day, tzinfo=UTC) for day in ((3, 1), (6, 15), (8, 1)))
    assert notes("1.33", "standard", early) == []
    assert notes("1.35", "standard", late) == []
    assert "ends on 2026-07-29; EKS then takes the next version by itself" in notes("1.33", "standard", soon)[0]
    assert "ended on 2026-07-29; from then on its price" in notes("1.33", "extended", late)[0]
    assert "until 2027-07-29" in notes("1.33", "extended", late)[0]
