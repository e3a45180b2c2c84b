"""Every role has a README, and its table of variables is what argument_specs says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.role_variables import ROLES, rows, with_table


@pytest.mark.parametrize("role", sorted(ROLES.glob("*/")), ids=lambda role: role.name)
def test_the_readme_is_up_to_date(role: Path) -> None:
    readme = (role / "README.md").read_text(encoding="utf-8")
    assert readme == with_table(readme, role), "run `make docs`"


def test_a_row_tells_type_default_and_choices_in_plain_words() -> None:
    options = {
        "pool_zone": {"type": "str", "required": True, "description": ["Where, such as V(us-west-2a)."]},
        "pool_nodes": {
            "type": "list",
            "elements": "dict",
            "default": [],
            "description": "The nodes | machines.",
            "options": {"size": {"type": "str", "choices": ["s", "l"], "default": "s", "description": "How big."}},
        },
    }
    assert list(rows(options)) == [
        "| `pool_zone` | str | required | Where, such as `us-west-2a`. |",
        "| `pool_nodes` | list of dict | `[]` | The nodes \\| machines. |",
        "| &nbsp;&nbsp;`size` | str | `s` | How big. One of `s`, `l`. |",
    ]
