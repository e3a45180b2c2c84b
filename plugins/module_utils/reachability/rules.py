# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which rule of a listener a request for a name meets.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-condition-types.html
"""

from __future__ import annotations

import fnmatch
import typing as t

from ansible_collections.cloister.aws.plugins.module_utils.reachability.snapshot import Region, Thing
from ansible_collections.cloister.aws.plugins.module_utils.reachability.verdict import Step, broken, passed


class Chosen(t.NamedTuple):
    """What the rules for a name lead to: target groups, and answers of the load balancer's own."""

    target_groups: tuple[str, ...]
    redirects: tuple[str, ...]
    answers: tuple[str, ...]


def choose(listener: Thing, name: str) -> Chosen:
    """Return where requests for a name go: every rule for it, up to the first that has no further condition."""
    found: list[Thing] = []
    default = [rule for rule in listener.get("Rules") or () if rule.get("IsDefault")]
    for rule in sorted(_numbered(listener), key=lambda one: int(one["Priority"])):
        hosts = [value for condition in rule.get("Conditions") or () for value in _hosts(condition)]
        if hosts and not any(fnmatch.fnmatchcase(name.lower(), host.lower()) for host in hosts):
            continue
        found += rule.get("Actions") or ()
        if not _further(rule):
            break
    else:
        found += (default[0].get("Actions") if default else listener.get("DefaultActions")) or ()
    groups = dict.fromkeys(arn for action in found for arn in forwarded(action))
    redirects = dict.fromkeys(_redirect(action) for action in found if action.get("Type") == "redirect")
    answers = dict.fromkeys(_answer(action) for action in found if action.get("Type") == "fixed-response")
    return Chosen(tuple(groups), tuple(redirects), tuple(answers))


def step(region: Region, listener: Thing, name: str, chosen: Chosen) -> Step | None:
    """Return what the rules say of a name; None where the listener has nothing to say but to forward."""
    arn = listener.get("ListenerArn")
    if chosen.target_groups:
        names = ", ".join(region.called("target_groups", one) for one in chosen.target_groups)
        return passed("http", f"requests for {name} go to {names}", arn, *chosen.target_groups)
    if chosen.redirects:
        return passed("http", f"requests for {name} are sent on to {', '.join(chosen.redirects)}", arn)
    said = f"no rule is for {name}; its default answers {', '.join(chosen.answers) or 'nothing'}"
    fix = "add a rule with the name in hosts to the listener in load_balancers_defined"
    return broken("no-rule-for-name", said, fix, arn)


def forwarded(action: Thing) -> list[str]:
    """Return the target groups that an action forwards to, those without weight left out."""
    if action.get("Type") != "forward":
        return []
    weighted = (action.get("ForwardConfig") or {}).get("TargetGroups") or ()
    found = [str(one.get("TargetGroupArn")) for one in weighted if one.get("Weight", 1) != 0]
    return found or ([str(action["TargetGroupArn"])] if action.get("TargetGroupArn") else [])


def _numbered(listener: Thing) -> list[Thing]:
    return [one for one in listener.get("Rules") or () if str(one.get("Priority") or "").isdigit()]


def _hosts(condition: Thing) -> list[str]:
    if condition.get("Field") != "host-header":
        return []
    config = condition.get("HostHeaderConfig") or {}
    return [str(one) for one in config.get("Values") or condition.get("Values") or ()]


def _further(rule: Thing) -> bool:
    """Whether it asks for more than the name: a path, a header, ..."""
    return any(one.get("Field") != "host-header" for one in rule.get("Conditions") or ())


def _redirect(action: Thing) -> str:
    config = action.get("RedirectConfig") or {}
    return f"{config.get('Protocol', '#{protocol}')}://{config.get('Host', '#{host}')}:{config.get('Port', '#{port}')}"


def _answer(action: Thing) -> str:
    return str((action.get("FixedResponseConfig") or {}).get("StatusCode") or "?")
