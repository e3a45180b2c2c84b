"""How far a request gets in the region `us`, and the first thing that stops it when one thing is broken."""

from __future__ import annotations

import pytest
from ansible_collections.cloister.aws.plugins.module_utils.reachability.flow import INTERNET, Source, reach

from tests.unit.module_utils.reachability.building import FACE, GUARD, us


@pytest.mark.parametrize(
    ("source", "name", "port"),
    [
        (INTERNET, "us.infer.example.com", 443),
        (INTERNET, "us.infer.example.com", 80),
        (GUARD, "api.prod.infer.internal", 80),
        (FACE, "guard.prod.infer.internal", 80),
    ],
)
def test_what_the_region_is_for_is_reached(source: Source, name: str, port: int) -> None:
    found = reach(us().snapshot, source, name, port)
    assert found.reached, found.told()
