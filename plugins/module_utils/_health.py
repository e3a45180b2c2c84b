# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether what a region owns can be used: asked of each kind, which knows when a thing of its is ready.

Beside that, what no kind waits for once it stands: targets that fail their health checks, groups short of machines.
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/check-target-health.html
"""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws, each
from ansible_collections.cloister.aws.plugins.module_utils._errors import RegionError
from ansible_collections.cloister.aws.plugins.module_utils._kind import Found
from ansible_collections.cloister.aws.plugins.module_utils._owner import Owner
from ansible_collections.cloister.aws.plugins.module_utils._snapshot import Owned, snapshot
from ansible_collections.cloister.aws.plugins.module_utils.kinds.auto_scaling_group import AutoScalingGroup
from ansible_collections.cloister.aws.plugins.module_utils.kinds.target_group import TargetGroup

# On its way in, on its way out, or in a group that no listener leads to: no failure.
_NO_FAILURE = ("initial", "draining", "unused")


class Ill(t.TypedDict):
    """A thing that cannot be used as it is; ``said`` is what it has."""

    stack: str
    kind: str
    part: str
    id: str
    said: str


class Health(t.NamedTuple):
    """How many things were asked, and which are ill, in order of stack, kind and name."""

    asked: int
    ill: list[Ill]


def health(aws: Aws, owner: Owner, adopted: t.Mapping[str, t.Mapping[str, str]]) -> Health:
    """Ask everything that ``owner`` owns, side by side; only reads."""
    owned = snapshot(aws, owner, adopted)
    ill = [one for found in each(lambda one: _ill(aws, one), owned) for one in found]
    return Health(len(owned), sorted(ill, key=lambda one: (one["stack"], one["kind"], one["part"])))


def line(ill: Ill) -> str:
    """Return it as a person reads it."""
    return f"{ill['stack']}: {ill['kind']} {ill['part']} ({ill['id']}) {ill['said']}"


def _ill(aws: Aws, owned: Owned) -> list[Ill]:
    kind, found = owned.kind, owned.found
    try:
        said = "" if kind.settled(found) else "is not ready"
    except RegionError as exc:
        said = f"fails: {exc}"
    if isinstance(kind, TargetGroup):
        said = said or _targets(aws, found)
    if isinstance(kind, AutoScalingGroup):
        said = said or machines(found.raw)
    return [Ill(stack=found.stack, kind=kind.noun, part=found.part, id=found.id, said=said)] if said else []


def machines(raw: t.Mapping[str, t.Any]) -> str:
    """Return what an Auto Scaling group lacks, empty when it has the machines that it is told to have."""
    serving = [one for one in raw.get("Instances", ()) if one["LifecycleState"] == "InService"]
    healthy = [one for one in serving if one["HealthStatus"] == "Healthy"]
    wanted = raw["DesiredCapacity"]
    return f"has {len(healthy)} of {wanted} healthy machines in service" if len(healthy) < wanted else ""


def _targets(aws: Aws, group: Found) -> str:
    if not group.raw.get("LoadBalancerArns"):
        return ""
    answer = aws.call("elbv2", "describe_target_health", absent_ok=True, TargetGroupArn=group.id) or {}
    return targets(answer.get("TargetHealthDescriptions", ()))


def targets(descriptions: t.Sequence[t.Mapping[str, t.Any]]) -> str:
    """Return which targets of a group in use fail, empty when none does; a group without any fails as well."""
    if not descriptions:
        return "has no targets"
    failing = [one for one in descriptions if one["TargetHealth"]["State"] not in ("healthy", *_NO_FAILURE)]
    told = ", ".join(f"{one['Target']['Id']} ({_why(one['TargetHealth'])})" for one in failing)
    return f"has {len(failing)} of {len(descriptions)} targets that fail: {told}" if failing else ""


def _why(state: t.Mapping[str, t.Any]) -> str:
    return " ".join(str(state[key]) for key in ("State", "Reason", "Description") if state.get(key))
