"""docs/systems.md names every row of the systems that are done, and only tests that are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/systems.md").read_text(encoding="utf-8")
ROWS = dict(re.findall(r"^\| (\d\.\d\d) \|.*\| (.*)\|$", PAGE, re.M))
SYSTEMS = {0: 20, 1: 25, 2: 10, 3: 18, 4: 27}
"""How many rows each has."""
ONLY_WRITTEN = {"0.20", "1.22", "1.25", "3.10", "3.12", "4.19", "4.25"}


def test_every_row_is_on_the_page() -> None:
    assert set(ROWS) == {f"{system}.{row:02}" for system, rows in SYSTEMS.items() for row in range(1, rows + 1)}


@pytest.mark.parametrize("row", sorted(set(ROWS) - ONLY_WRITTEN))
def test_every_test_that_a_row_names_is_there(row: str) -> None:
    proofs = re.findall(r"`([^`]+)`", ROWS[row])
    assert proofs
    for proof in proofs:
        place, _colon, name = proof.partition(": ")
        path = ROOT / place if "/" in place else ROOT / "tests/integration/systems" / place
        assert path.exists(), proof
        # A test's name begins so, or that of one of its cases does.
        assert not name or re.search(rf"(def |\"){name}", path.read_text(encoding="utf-8")), proof
