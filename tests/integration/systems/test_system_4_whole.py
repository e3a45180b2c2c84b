"""System 4 in one command: built, run again, taken down, and built anew the same. Rows 4.20 and 4.26."""

from __future__ import annotations

from pathlib import Path

from tests.integration.systems.built import Built, changed


def test_4_20_4_26_one_command_builds_it_twice_the_same_and_a_teardown_leaves_nothing(tmp_path: Path) -> None:
    built = Built.of(changed("examples/private-eks", tmp_path), tmp_path)
    region = built.region
    first = region.shape()
    again = region.play("site.yml")
    assert again.rc == 0, again.output
    assert (again.actions, again.region_writes) == (set(), [])
    words = ("confirm=private-eks", "release_static_ips=true", "release_data=true")
    typed = [argument for word in words for argument in ("-e", f"teardown_{word}")]
    down = region.play("playbooks/teardown.yml", *typed)
    assert down.rc == 0, down.output
    assert region.owned() == []
    anew = region.play("site.yml")
    assert anew.rc == 0, anew.output
    assert region.shape() == first
    region.lab.stop()
