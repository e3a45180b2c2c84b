"""What the operator host has by itself."""

from __future__ import annotations

import re
import typing as t
from pathlib import Path

import pytest
import yaml

DEFAULTS = Path(__file__).parents[3] / "roles/operator_tools/defaults/main.yml"
PROGRAMS: list[dict[str, t.Any]] = yaml.safe_load(DEFAULTS.read_text(encoding="utf-8"))["operator_tools_programs"]


def test_people_have_what_they_work_with() -> None:
    assert {one["name"] for one in PROGRAMS} == {"kubectl", "helm", "eksctl", "k9s", "aws"}


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program["name"])
def test_4_03_a_program_has_one_version_and_a_checksum_for_each_processor(program: dict[str, t.Any]) -> None:
    assert program["url"].startswith("https://")
    assert re.search(r"\bv?\d+\.\d+\.\d+\b", program["url"])
    assert "{arch}" in program["url"] or "{machine}" in program["url"]
    assert sorted(program["sha256"]) == ["amd64", "arm64"]
    assert all(re.fullmatch("[0-9a-f]{64}", digest) for digest in program["sha256"].values())
    assert len(set(program["sha256"].values())) == 2
