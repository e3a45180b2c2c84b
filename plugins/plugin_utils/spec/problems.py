# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is wrong with an inventory, and where it says so."""

from __future__ import annotations

import difflib
import os
import re
import typing as t
from dataclasses import dataclass

try:
    # Nothing public tells where a value was written; without it files are searched for the variable's name.
    from ansible._internal._datatag._tags import Origin
except ImportError:
    Origin = None

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: which stack's variable, what was found there, and what would be right.

    ``where`` is given for what is not a variable, such as a file that belongs to no host.
    """

    stack: str
    path: Path
    found: str
    right: str
    where: str = ""

    @property
    def advice(self) -> str:
        """What would be right, as a sentence of its own."""
        return f"D{self.right[1:]}" if self.right.startswith("did you mean ") else f"Right would be: {self.right}"


class BrokenType:
    """What stands in the place of a value that a problem has already been told of."""

    def __repr__(self) -> str:
        return "BROKEN"


BROKEN = BrokenType()


def spell(path: Path) -> str:
    """Return ``network_subnets[2].cidr`` for ``("network_subnets", 2, "cidr")``."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else str(step)
    return text


def did_you_mean(word: t.Any, words: t.Iterable[str]) -> str:
    """Return ``did you mean X?`` for the known word nearest to a mistyped one, or an empty string."""
    near = difflib.get_close_matches(str(word), list(words), n=1, cutoff=0.6)
    return f"did you mean {near[0]}?" if near else ""


def shown(value: t.Any) -> str:
    """Return a value as a person wrote it, shortened."""
    text = repr(str(value)) if isinstance(value, str) else "nothing" if value is None else str(value)
    return text if len(text) <= 80 else text[:77] + "..."


def locate(variables: t.Any, path: Path) -> str:
    """Return ``file:line`` of a path in untemplated variables, or an empty string where Ansible did not keep it.

    What is missing or not tagged (null, true) is located by its key, and what is not there at all by what it is missing
    from.
    """
    best, value = "", variables
    for step in path:
        key_tag = _written(next((key for key in value if key == step), None)) if isinstance(value, t.Mapping) else ""
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            break
        best = (
            _written(value)
            if isinstance(value, (str, int, float)) and _written(value)
            else key_tag or _written(value) or best
        )
    return best


def typed(value: t.Any) -> bool:
    """Return whether a value is a text that was typed as ``-e name=value``, where there is nothing but texts."""
    tag = Origin.get_tag(value) if Origin is not None and isinstance(value, str) else None
    return tag is not None and not tag.path and "'-e'" in str(tag.description)


def _written(value: t.Any) -> str:
    tag = Origin.get_tag(value) if Origin is not None and value is not None else None
    if tag is None:
        return ""
    if not tag.path:
        return str(tag.description or "")
    return f"{tag.path}:{tag.line_num}" if tag.line_num else str(tag.path)


def search(sources: t.Iterable[str], stack: str, variable: str) -> str:
    """Return ``file:line`` of a variable by looking into the files that may set it, the narrowest first."""
    pattern = re.compile(rf"^\s*{re.escape(variable)}\s*:")
    for file in _candidates(sources, stack):
        with open(file, encoding="utf-8", errors="replace") as lines:
            for number, line in enumerate(lines, 1):
                if pattern.match(line):
                    return f"{file}:{number}"
    return ""


def _candidates(sources: t.Iterable[str], stack: str) -> t.Iterator[str]:
    for source in sources:
        base = source if os.path.isdir(source) else os.path.dirname(source)
        for folder in ("host_vars", "group_vars", ""):
            found = [
                os.path.join(place, name)
                for place, _folders, names in os.walk(os.path.join(base, folder))
                for name in sorted(names)
                if name.endswith((".yml", ".yaml", ".json")) or folder
            ]
            yield from (file for file in found if folder != "host_vars" or stack in re.split(r"[/.]", file))


def message(problems: t.Sequence[Problem], where: t.Callable[[Problem], str]) -> str:
    """Return all problems as one text, a group of lines each, in the order of the files."""
    told = sorted(
        {(where(problem), spell(problem.path), problem.found, problem.advice) for problem in problems}, key=_order
    )
    count = "1 thing is" if len(told) == 1 else f"{len(told)} things are"
    lines = [f"{count} wrong with this inventory. Nothing was asked of AWS."]
    for place, path, found, advice in told:
        lines.append(f"\n{' in '.join(part for part in (path, place) if part)}\n  {found}\n  {advice}")
    return "\n".join(lines)


def _order(told: tuple[str, str, str, str]) -> tuple[str, int, str, str]:
    file, _colon, line = told[0].rpartition(":")
    return (file, int(line), *told[1:3]) if line.isdigit() else (told[0], 0, *told[1:3])
