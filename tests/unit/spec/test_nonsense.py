"""No input makes the rules or the shapes fall over: they tell, or they are silent."""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.plugin_utils.spec.shapes import Shape
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.spec.described import problems, sound
from tests.unit.spec.test_shapes import OPTIONS

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
nonsense = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(scalars, inner, max_size=3), max_leaves=6
)


def paths(value: t.Any, path: tuple[t.Any, ...] = ()) -> t.Iterator[tuple[t.Any, ...]]:
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield (*path, key)
        yield from paths(child, (*path, key))


@given(st.sampled_from(list(paths(sound()))), nonsense)
def test_rules_bear_nonsense_anywhere(path: tuple[t.Any, ...], value: t.Any) -> None:
    variables = sound()
    holder: t.Any = variables
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = value
    assert all(problem.found and problem.right for problem in problems(variables))


@given(st.dictionaries(st.sampled_from(sorted(OPTIONS)) | scalars, nonsense, max_size=5))
def test_shapes_bear_nonsense(values: dict[t.Any, t.Any]) -> None:
    shape = Shape("pool")
    shape.check(OPTIONS, values)
    assert all(problem.found and problem.right for problem in shape.problems)
