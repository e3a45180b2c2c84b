# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How people get to the operator host: which machine it is, and whether Systems Manager knows it."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._managed_nodes import await_managed, newest
from ansible_collections.cloister.aws.plugins.module_utils._operator import BASTION, Host
from ansible_collections.cloister.aws.plugins.module_utils._owner import Owner
from ansible_collections.cloister.aws.plugins.module_utils._reconcile import Member

NOUN = "operator host"


@dataclass(frozen=True)
class Way:
    """The way to a host of an owner; Systems Manager is given ``seconds`` to know it."""

    aws: Aws
    owner: Owner
    seconds: float

    def member(self, host: Host, check: bool) -> Member | None:
        """Return the host as a report tells it; None where there is none yet. Raise when nobody can reach it."""
        machine = newest(self.aws, self.owner, str(host["name"]))
        if machine is None:
            return None
        if host["mode"] != BASTION and not check:
            await_managed(self.aws, [machine], self.seconds)
        shows = {"mode": host["mode"], "aws_region": self.aws.region, "cluster": self._cluster(host)}
        stack = str(self.owner.stack)
        return Member(NOUN, str(host["name"]), stack, "keep", machine["InstanceId"], shows=shows, done=True)

    def _cluster(self, host: Host) -> str:
        return f"{self.owner.region}-{host['cluster']}" if host.get("cluster") else ""
