"""Delays: every slow thing has a realistic figure, and a hurry divides them all."""

from __future__ import annotations

import pytest
import yaml

from lab.embedded_aws.cli import _delays_file, _read_delays
from lab.embedded_aws.delays import NAMES, REALISTIC, Delays


def test_every_delay_has_a_realistic_figure() -> None:
    said = yaml.safe_load(REALISTIC.read_text(encoding="utf-8"))
    assert set(said) == set(NAMES)
    assert all(seconds > 0 for seconds in said.values())


def test_a_hurry_makes_seconds_of_minutes() -> None:
    read = _read_delays(_delays_file("realistic"), 60)
    assert (read["eks_cluster"], read["rds_instance"], read["nat_gateway"], read["eks_node_group"]) == (9, 8, 2, 3)
    assert Delays(read)["eks_cluster"] == 9


def test_nothing_waits_unless_it_is_told_to() -> None:
    assert _read_delays(None, 60) == {}
    assert set(Delays().seconds.values()) == {0.0}


def test_an_unknown_delay_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown delay nat_gatway; known: nat_gateway"):
        Delays({"nat_gatway": 2})
