# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How far a request gets from one place to another. Everything is looked at, also beyond the first broken step, so
that a verdict says as well what is innocent.
"""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils.reachability import names
from ansible_collections.cloister.aws.plugins.module_utils.reachability.endpoints import Place
from ansible_collections.cloister.aws.plugins.module_utils.reachability.entrance import enter
from ansible_collections.cloister.aws.plugins.module_utils.reachability.snapshot import Region, Snapshot
from ansible_collections.cloister.aws.plugins.module_utils.reachability.vantage import INTERNET, Internet, Vantage
from ansible_collections.cloister.aws.plugins.module_utils.reachability.verdict import Step, Verdict, broken, verdict
from ansible_collections.cloister.aws.plugins.module_utils.reachability.way import leave

__all__ = ["INTERNET", "Internet", "Source", "Vantage", "reach"]

Source = t.Union[Vantage, Internet]  # noqa: UP007 - pylint knows no | between classes


def reach(snapshot: Snapshot, source: Source, destination: str, port: int, protocol: str = "tcp") -> Verdict:
    """Return how far a request from ``source`` to a name or address gets.

    Where a name has several addresses, all must be reached: a client takes any of them.
    """
    region = Region(snapshot)
    vpc_id = source.vpc_id if isinstance(source, Vantage) else None
    answer = names.resolve(region, vpc_id, destination)
    return judge(region, source, answer, destination, port, protocol)


def judge(region: Region, source: Source, answer: names.Answer, name: str, port: int, protocol: str = "tcp") -> Verdict:
    """Return the verdict on what a name was found to mean."""
    ways = [to_place(region, source, place, name, port, protocol) for place in answer.places]
    failing = [way for way in ways if not all(step.ok for step in way)]
    way = next(iter(failing or ways), [])
    doubt = [answer.doubt] if failing and answer.doubt else []
    found = verdict([*answer.steps, *doubt, *way])
    if failing and len(failing) < len(ways) and found.stage != "dns":
        said = f"of {len(ways)} addresses of {name}, {len(failing)} cannot be reached: {found.said}"
        found = Verdict(False, found.stage, found.cause, said, found.fix, found.steps)
    return found


def to_place(region: Region, source: Source, place: Place, name: str, port: int, protocol: str) -> list[Step]:
    """Return all steps to one address."""
    if place.address is None:
        said = f"{place.said} has no address yet"
        return [broken("balancer-not-active", said, "wait until it is active", place.balancer)]
    left = leave(region, source, place, port, protocol)
    return [*left.steps, *enter(region, left, place, name, port, protocol)]
