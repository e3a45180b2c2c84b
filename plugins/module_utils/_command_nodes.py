# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which nodes of a region a command or an association is for: never one that is not the region's.

https://docs.aws.amazon.com/systems-manager/latest/userguide/send-commands-multiple.html
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._errors import InputError, RegionError
from ansible_collections.cloister.aws.plugins.module_utils._owner import PART, REGION, ROLE

MOST_KEYS, MOST_VALUES = 5, 50
"""What AWS takes of targets, and of values of each."""
_PAGE = 50
_OF_REGION = f"tag:{REGION}"

Target = dict[str, t.Any]


class Node(t.NamedTuple):
    """A managed node: its id, what it calls itself, and whether its agent answers."""

    id: str
    name: str
    online: bool


@dataclass(frozen=True)
class Whom:
    """Nodes by what they are for, by pool, by further tags, or by id; without any of these all of the region."""

    region: str
    roles: t.Sequence[str] = ()
    pools: t.Sequence[str] = ()
    tags: t.Mapping[str, str] = field(default_factory=dict)
    ids: t.Sequence[str] = ()

    def targets(self) -> list[Target]:
        """Return AWS's ``Targets``, all of which a node has to meet; for what is not chosen by id."""
        wanted = {REGION: [self.region], ROLE: list(self.roles), PART: list(self.pools)}
        wanted |= {key: [str(value)] for key, value in self.tags.items()}
        found = [{"Key": f"tag:{key}", "Values": values} for key, values in wanted.items() if values]
        if len(found) > MOST_KEYS or any(len(one["Values"]) > MOST_VALUES for one in found):
            raise InputError(
                f"nodes are chosen by {len(found)} tags; Systems Manager takes {MOST_KEYS} at most, with "
                f"{MOST_VALUES} values each: give fewer roles, pools or tags"
            )
        return found

    def said(self) -> str:
        """Return it in words."""
        parts = [f"role {', '.join(self.roles)}"] * bool(self.roles) + [f"pool {', '.join(self.pools)}"] * bool(
            self.pools
        )
        parts += [f"{key}={value}" for key, value in self.tags.items()] + [", ".join(self.ids)] * bool(self.ids)
        return f"{' and '.join(parts) or 'all nodes'} of region {self.region}"


def find(aws: Aws, whom: Whom) -> list[Node]:
    """Return the nodes that are meant, by id; raise `InputError` for an id that is no node of the region."""
    # Filters by tag are taken with no others, so ids are looked for among all of the region.
    filters = [{"Key": _OF_REGION, "Values": [whom.region]}] if whom.ids else whom.targets()
    rows = aws.pages(
        "ssm", "describe_instance_information", "InstanceInformationList", Filters=filters, MaxResults=_PAGE
    )
    nodes = {
        row["InstanceId"]: Node(row["InstanceId"], row.get("ComputerName", ""), row["PingStatus"] == "Online")
        for row in rows
    }
    strangers = [one for one in whom.ids if one not in nodes]
    if strangers:
        raise InputError(
            f"{', '.join(strangers)} is no managed node of region {whom.region}. Right would be: an id that "
            "ansible-inventory --graph shows"
        )
    return [nodes[one] for one in sorted(set(whom.ids) or nodes)]


def reachable(nodes: t.Sequence[Node], whom: Whom, skip_offline: bool) -> list[Node]:
    """Return those whose agents answer; raise `RegionError` when some do not and none may be left out."""
    offline = [node.id for node in nodes if not node.online]
    if offline and not skip_offline:
        raise RegionError(
            f"Nothing was sent. Of {len(nodes)} nodes ({whom.said()}) {len(offline)} do not answer Systems Manager: "
            f"{', '.join(offline)}. See what is wrong with them, or leave them out: offline=skip"
        )
    online = [node for node in nodes if node.online]
    if not online:
        raise RegionError(
            f"Nothing was sent: {whom.said()} has no node that answers Systems Manager ({len(offline)} do not). "
            "ansible-inventory --graph shows which nodes there are"
        )
    return online
