# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Helm's releases as members of a report: kubernetes.core.helm is nobody of ours, and does not know of members."""

from __future__ import annotations

import typing as t

KIND = "Helm release"


def releases(result: t.Mapping[str, t.Any], stack: str) -> t.Iterator[dict[str, t.Any]]:
    """Yield what became of the release in a result of kubernetes.core.helm; nothing for any other result."""
    asked = result.get("invocation", {}).get("module_args", {})
    if "release_name" not in asked or "release_state" not in asked or result.get("failed"):
        return
    name, status = asked["release_name"], result.get("status") or {}
    absent = asked["release_state"] == "absent"
    if absent and not result.get("changed"):
        return
    action = "remove" if absent else "keep"
    if not absent and result.get("changed"):
        action = "change" if _stood(result, status) else "create"
    shows = {key: status[key] for key in ("chart", "app_version") if status.get(key)}
    yield {
        "kind": KIND,
        "part": name,
        "id": f"{asked['release_namespace']}/{name}",
        "stack": stack,
        "action": action,
        "changes": [],
        "shows": shows,
    }


def _stood(result: t.Mapping[str, t.Any], status: t.Mapping[str, t.Any]) -> bool:
    """Whether it stood before: after a run by its revision, in check mode by the values that it has."""
    if "revision" in status:
        return str(status["revision"]) != "1"
    return bool(status.get("release_values", {}).get("declared"))
