# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The glue between Ansible and the engine: what every module of ours takes, and how each tells its result."""

from __future__ import annotations

import json
import typing as t

from ansible.module_utils.common.warnings import warn
from ansible_collections.amazon.aws.plugins.module_utils.botocore import get_aws_connection_info
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws, each
from ansible_collections.cloister.aws.plugins.module_utils._clients import Connection
from ansible_collections.cloister.aws.plugins.module_utils._errors import RegionError
from ansible_collections.cloister.aws.plugins.module_utils._kind import Kind, Want
from ansible_collections.cloister.aws.plugins.module_utils._names import Names
from ansible_collections.cloister.aws.plugins.module_utils._owner import Owner
from ansible_collections.cloister.aws.plugins.module_utils._reconcile import Member, Outcome, reconcile
from ansible_collections.cloister.aws.plugins.module_utils._waits import begin, told

K = t.TypeVar("K", bound=Kind)

REGION_ARGUMENTS: dict[str, t.Any] = {
    "region_name": {"type": "str", "required": True},
    "stack": {"type": "str", "required": True},
    "region_tags": {"type": "dict", "default": {}},
    "region_adopted": {"type": "dict", "default": {}},
}


class RegionModule:
    """A module of ours: AnsibleAWSModule's arguments and the region's, an owner, names, and one way to end."""

    def __init__(self, argument_spec: t.Mapping[str, t.Any], **kwargs: t.Any) -> None:
        self.ansible = AnsibleAWSModule(
            argument_spec={**REGION_ARGUMENTS, **argument_spec}, supports_check_mode=True, **kwargs
        )
        begin()
        self.params = self.ansible.params
        self.check: bool = self.ansible.check_mode
        tags = {str(key): str(value) for key, value in self.params["region_tags"].items()}
        self.owner = Owner(self.params["region_name"], self.params["stack"], tags)
        self.aws = Aws(connection(self.ansible))
        self.names = Names(self.aws, self.owner.region, self.check, self.params["region_adopted"])

    def kind(self, kind: type[K]) -> K:
        """Return ``kind`` for this module's owner."""
        made = kind(self.aws, self.owner)
        made.adopted = self.params["region_adopted"]
        return made

    def reconcile(
        self, kind: type[Kind], wants: t.Callable[[], t.Sequence[Want]], wait: bool = True, purge: bool = True
    ) -> None:
        """Make ``wants`` true for ``kind`` and end the module. ``wants`` is called inside the error handling."""
        self.finish(self.outcome(self.kind(kind), wants, wait, purge))

    def outcome(
        self,
        kind: Kind,
        wants: t.Callable[[], t.Sequence[Want]],
        wait: bool = True,
        purge: bool = True,
        check: bool = False,
        beside: bool = True,
    ) -> Outcome:
        """Make ``wants`` true for ``kind``, as `reconcile` does, and go on; with ``check`` only say what that takes.

        What stands is read beside the names that ``wants`` looks up, in one round trip's time; not ``beside`` but
        after them where both fill the kind with what they read.
        """
        reads: list[t.Callable[[], t.Any]] = [wants, kind.find]
        try:
            wanted, found = each(lambda read: read(), reads) if beside else [read() for read in reads]
            return reconcile(kind, wanted, check or self.check, wait, purge, found)
        except RegionError as exc:
            fail: t.Callable[..., t.NoReturn] = self.ansible.fail_json
            fail(msg=str(exc))

    def warn(self, note: str) -> None:
        """Warn a person. AnsibleAWSModule's own way is one that ansible-core itself warns of."""
        warn(note)

    def finish(self, outcome: Outcome, **more: t.Any) -> None:
        """End the module with what became of a set, as failed when a member failed; ``more`` is returned too."""
        result = {
            "changed": outcome.changed,
            "members": [member.told() for member in outcome.members],
            "ids": outcome.ids,
            "waits": told(),
            **more,
        }
        if not outcome.errors:
            self.ansible.exit_json(**result, diff=diff(outcome.members))
        unexpected = next((exc for exc in outcome.errors if not isinstance(exc, RegionError)), None)
        if unexpected:
            raise unexpected
        result["members"] = [member.told() for member in outcome.members if member.done or member.action == "keep"]
        self.ansible.fail_json(msg="; ".join(str(exc) for exc in outcome.errors), **result)


def connection(ansible: AnsibleAWSModule) -> Connection:
    """Return how AnsibleAWSModule's arguments and the environment say AWS is reached."""
    region, endpoint_url, arguments = get_aws_connection_info(ansible)
    profile = arguments.pop("profile_name", None)
    arguments.pop("aws_config", None)
    return Connection(region, endpoint_url, profile, arguments)


def diff(members: t.Iterable[Member]) -> list[dict[str, str]]:
    """Return Ansible's ``diff``: one entry for each member that is not kept, only the fields that change."""
    return [
        {
            "before_header": f"{member.kind} {member.part}",
            "after_header": f"{member.kind} {member.part} ({member.action})",
            "before": _side(member, "before") if member.action != "create" else "",
            "after": _side(member, "after") if member.action != "remove" else "",
        }
        for member in members
        if member.action != "keep"
    ]


def _side(member: Member, side: str) -> str:
    shown = {change["field"]: change[side] for change in member.changes} or {"id": member.id}
    return json.dumps(shown, indent=2, sort_keys=True, default=str) + "\n"
