"""Write the table of variables at the end of every role's README from its meta/argument_specs.yml: `make docs`."""

from __future__ import annotations

import json
import re
import typing as t
from pathlib import Path

import yaml

ROLES = Path(__file__).parents[1] / "roles"
HEADING = "## Variables\n"
NOTE = "<!-- Written by `make docs` from meta/argument_specs.yml; everything below this line is replaced. -->\n"


def plain(description: str | list[str]) -> str:
    """A description without Ansible's own markup, on one line, safe in a table."""
    text = " ".join([description] if isinstance(description, str) else description)
    text = re.sub(r"\b[CVOME]\(([^)]*)\)", r"`\1`", text)
    return " ".join(text.split()).replace("|", "\\|")


def kind(option: dict[str, t.Any]) -> str:
    """The type as a person says it: `list of str`."""
    name = option.get("type", "str")
    return f"{name} of {option['elements']}" if "elements" in option else str(name)


def default(option: dict[str, t.Any]) -> str:
    """The default as it is written in YAML, or that there is none."""
    if option.get("required"):
        return "required"
    value = option.get("default")
    if value is None:
        return ""
    return f"`{value}`" if isinstance(value, str) else f"`{json.dumps(value)}`"


def rows(options: dict[str, dict[str, t.Any]], depth: int = 0) -> t.Iterator[str]:
    """One row for each option, those inside an option right after it, indented."""
    for name, option in options.items():
        described = plain(option.get("description", ""))
        if option.get("choices"):
            described += " One of " + ", ".join(f"`{choice}`" for choice in option["choices"]) + "."
        yield f"| {'&nbsp;&nbsp;' * depth}`{name}` | {kind(option)} | {default(option)} | {described} |"
        yield from rows(option.get("options", {}), depth + 1)


def table(role: Path) -> str:
    """The whole section of one role."""
    specs = yaml.safe_load((role / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))["argument_specs"]
    lines = ["| variable | type | default | what |", "|---|---|---|---|", *rows(specs["main"].get("options", {}))]
    return HEADING + "\n" + NOTE + "\n" + "\n".join(lines) + "\n"


def with_table(readme: str, role: Path) -> str:
    """The README with its last section, the variables, as argument_specs says them now."""
    return readme.split(HEADING)[0].rstrip("\n") + "\n\n" + table(role)


def main() -> None:
    """Rewrite what differs, and name it."""
    for path in sorted(ROLES.glob("*/README.md")):
        readme = path.read_text(encoding="utf-8")
        if (new := with_table(readme, path.parent)) != readme:
            path.write_text(new, encoding="utf-8")
            print(f"wrote the variables into {path.relative_to(ROLES.parent)}")


if __name__ == "__main__":
    main()
