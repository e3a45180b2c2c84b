# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The newest of tags that tell a minute."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.cloister.aws.plugins.filter.newest_tag import FilterModule, newest_tag
from hypothesis import given
from hypothesis import strategies as st

OLD, NEW = "prod-20250713-2359", "prod-20250714-0000"


@pytest.mark.parametrize(
    ("tags", "prefix", "newest"),
    [
        ([OLD, NEW], "prod", NEW),
        ([NEW, OLD], "prod", NEW),
        ([OLD, "dev-20260101-0000"], "prod", OLD),
        ([OLD, "dev-20260101-0000"], None, "dev-20260101-0000"),
        ([OLD, "eu-prod-20260101-0000"], "prod", OLD),
        (["eu-prod-20260101-0000"], "eu-prod", "eu-prod-20260101-0000"),
        (["latest", "v1.2.3", "prod", "prod-2025"], "prod", None),
        ([], "prod", None),
    ],
)
def test_the_newest_of_a_prefix_is_found(tags: list[str], prefix: str | None, newest: str | None) -> None:
    assert newest_tag(tags, prefix) == newest


@pytest.mark.parametrize(
    "tag",
    [
        "prod-20260230-0000",
        "prod-20261301-0000",
        "prod-20260101-2400",
        "prod-20260101-0060",
        "prod-20260101-000",
        "prod-20260101-00000",
        "prod-20260101_0000",
        "prod20260101-0000",
        "-20260101-0000",
        "prod-20260101-0000-rc1",
        "prod-٢٠٢٦٠١٠١-0000",
    ],
)
def test_what_tells_no_minute_of_a_calendar_is_left_out(tag: str) -> None:
    assert newest_tag([OLD, tag]) == OLD


def test_a_leap_day_counts_in_a_leap_year_only() -> None:
    assert newest_tag([OLD, "prod-20280229-0000", "prod-20290229-0000"]) == "prod-20280229-0000"


@given(st.lists(st.datetimes(), min_size=1))
def test_newest_is_latest_whatever_the_order(times: list[object]) -> None:
    tags = [f"prod-{time:%Y%m%d-%H%M}" for time in times if f"{time:%Y}".isdigit() and len(f"{time:%Y}") == 4]
    assert newest_tag(tags, "prod") == (max(tags) if tags else None)


def test_a_single_text_is_refused() -> None:
    with pytest.raises(AnsibleFilterError, match="takes a list"):
        newest_tag("prod-20250714-1752")  # type: ignore[arg-type]


def test_the_filter_has_its_name() -> None:
    assert FilterModule().filters() == {"newest_tag": newest_tag}
