# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Listeners: the ports of a load balancer, and what becomes of what comes in there.

Part is ``<load balancer>:<port>``, as a port has one listener. A certificate beside the default one is added and taken
away by calls of its own
(https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_AddListenerCertificates.html).
"""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._doors import TLS, Doors
from ansible_collections.cloister.aws.plugins.module_utils._elb import ElbKind
from ansible_collections.cloister.aws.plugins.module_utils._kind import Found, Want
from ansible_collections.cloister.aws.plugins.module_utils._listener_forms import action_found, action_sent
from ansible_collections.cloister.aws.plugins.module_utils._owner import Owner, tag_list


class Listener(ElbKind):
    """A listener.

    Fields: ``protocol``, ``action`` (`_listener_forms`), ``tls_policy`` and ``certificate`` (ARN; both None without
    TLS), ``more_certificates`` (sorted ARNs). ``create`` holds ``load_balancer`` (ARN) and ``port``.
    """

    noun = "listener"
    made_by = "load_balancers"
    rank = 14
    arn_key = "ListenerArn"

    def __init__(self, aws: Aws, owner: Owner) -> None:
        super().__init__(aws, owner)
        self.doors = Doors(aws, owner)
        self._found = False

    def find(self) -> list[Found]:
        """Return what the owner owns, on load balancers that it owns; what was read before serves once."""
        self.doors = self.doors.anew() if self._found else self.doors
        self._found = True
        return [found for found in self.doors.listeners() if self.owner.owns(found.tags)]

    def fields(self, found: Found) -> dict[str, t.Any]:
        """Return what it takes and what becomes of it."""
        raw = found.raw
        certificates = raw.get("Certificates") or [{}]
        tls = raw["Protocol"] in TLS
        return {
            "protocol": raw["Protocol"],
            "action": action_found(raw.get("DefaultActions", ())),
            "tls_policy": raw.get("SslPolicy") if tls else None,
            "certificate": certificates[0].get("CertificateArn") if tls else None,
            "more_certificates": raw.get("more_certificates", []),
        }

    def create(self, want: Want, tags: t.Mapping[str, str]) -> Found:
        """Open the port."""
        answer = self.aws.make(
            "elbv2",
            "create_listener",
            LoadBalancerArn=want.create["load_balancer"],
            Port=want.create["port"],
            DefaultActions=action_sent(want.fields["action"]),
            Tags=tag_list(tags),
            **_security(want),
        )
        return self.made(answer, "Listeners", tags)

    def complete(self, found: Found, want: Want) -> None:
        """Add what a create does not take."""
        self._certificates("add_listener_certificates", found, want.fields["more_certificates"])

    def update(self, found: Found, want: Want, changed: t.Collection[str]) -> None:
        """Change it in one call; a certificate comes before another one goes."""
        have, wanted = self.fields(found)["more_certificates"], want.fields["more_certificates"]
        said: dict[str, t.Any] = {"DefaultActions": action_sent(want.fields["action"])} if "action" in changed else {}
        if {"protocol", "tls_policy", "certificate"} & set(changed):
            said |= _security(want)
        if said:
            self.aws.call("elbv2", "modify_listener", ListenerArn=found.id, **said)
        if want.fields["certificate"]:
            self._certificates("add_listener_certificates", found, sorted({*wanted} - {*have}))
            self._certificates("remove_listener_certificates", found, sorted({*have} - {*wanted}))

    def delete(self, found: Found) -> None:
        """Close the port; its rules go with it."""
        self.aws.call("elbv2", "delete_listener", ListenerArn=found.id, absent_ok=True)

    def foreign(self, want: Want) -> str | None:
        """Return a listener that somebody else has put on the port."""
        place = (want.create["load_balancer"], want.create["port"])
        for found in self.doors.listeners():
            if (found.raw["LoadBalancerArn"], found.raw["Port"]) == place and not self.owner.owns(found.tags):
                return found.id
        return None

    def shows(self, found: Found) -> dict[str, t.Any]:
        """Return protocol and port."""
        return {"protocol": found.raw["Protocol"], "port": found.raw["Port"]}

    def _certificates(self, action: str, found: Found, arns: t.Sequence[str]) -> None:
        if arns:
            listed = [{"CertificateArn": arn} for arn in arns]
            self.aws.call("elbv2", action, ListenerArn=found.id, Certificates=listed)


def _security(want: Want) -> dict[str, t.Any]:
    said = {"Protocol": want.fields["protocol"]}
    if want.fields["certificate"]:
        said["SslPolicy"] = want.fields["tls_policy"]
        said["Certificates"] = [{"CertificateArn": want.fields["certificate"]}]
    return said
