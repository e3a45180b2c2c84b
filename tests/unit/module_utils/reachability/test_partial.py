"""A snapshot may lack anything: a verdict is given all the same, and nothing breaks."""

from __future__ import annotations

import copy
import typing as t

from ansible_collections.cloister.aws.plugins.module_utils.reachability.causes import CAUSES
from ansible_collections.cloister.aws.plugins.module_utils.reachability.exposure import exposed
from ansible_collections.cloister.aws.plugins.module_utils.reachability.flow import INTERNET, Source, reach
from ansible_collections.cloister.aws.plugins.module_utils.reachability.services import ORDER, reach_service
from ansible_collections.cloister.aws.plugins.module_utils.reachability.shapes import tidy
from ansible_collections.cloister.aws.plugins.module_utils.reachability.snapshot import Snapshot
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.module_utils.reachability.building import FACE, GUARD, us

WHOLE = us().snapshot
NAMES = (
    "api.prod.infer.internal", "guard.prod.infer.internal", "us.infer.example.com", "example.org", "10.0.32.10", "::1"
)  # fmt: skip
Path = tuple[t.Any, ...]


def paths(value: t.Any, here: Path = ()) -> t.Iterator[Path]:
    """Every member of a snapshot, as the steps that lead to it."""
    keys: t.Iterable[t.Any] = value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield (*here, key)
        yield from paths(value[key], (*here, key))


PATHS = list(paths(WHOLE))


@st.composite
def partial(draw: st.DrawFn) -> Snapshot:
    """The region without some of its members."""
    snapshot = copy.deepcopy(WHOLE)
    for path in draw(st.lists(st.sampled_from(PATHS), max_size=12)):
        holder: t.Any = snapshot
        try:
            for key in path[:-1]:
                holder = holder[key]
            del holder[path[-1]]
        except (KeyError, IndexError, TypeError):
            continue
    return snapshot


@settings(max_examples=150, deadline=None)
@given(partial(), st.sampled_from([GUARD, FACE, INTERNET]), st.sampled_from(NAMES), st.sampled_from([80, 443, 8000]))
def test_a_verdict_is_given_whatever_is_missing(snapshot: Snapshot, source: Source, name: str, port: int) -> None:
    found = reach(snapshot, source, name, port)
    assert found.reached == (found.stage is None) == (found.cause == "")
    assert found.reached or (found.cause in CAUSES and found.said and found.fix)


@settings(max_examples=80, deadline=None)
@given(partial(), st.sampled_from(["registry:public.ecr.aws", *(one for one in ORDER if one != "registry")]))
def test_a_service_is_judged_whatever_is_missing(snapshot: Snapshot, service: str) -> None:
    found = reach_service(snapshot, GUARD, service)
    assert found.reached or found.cause in CAUSES


@settings(max_examples=80, deadline=None)
@given(partial())
def test_ways_in_are_found_whatever_is_missing(snapshot: Snapshot) -> None:
    assert {one.kind for one in exposed(snapshot)} <= {"load balancer", "network interface"}


@settings(max_examples=50, deadline=None)
@given(partial())
def test_what_is_tidied_is_judged_alike(snapshot: Snapshot) -> None:
    assert tidy(tidy(snapshot)) == tidy(snapshot)
    before = reach(snapshot, GUARD, "api.prod.infer.internal", 80)
    assert reach(tidy(snapshot), GUARD, "api.prod.infer.internal", 80).reached == before.reached
