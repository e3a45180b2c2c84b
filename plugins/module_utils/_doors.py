# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The listeners and rules of load balancers, read in as few turns as they take."""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws, each
from ansible_collections.cloister.aws.plugins.module_utils._elb import tags_of
from ansible_collections.cloister.aws.plugins.module_utils._kind import Found
from ansible_collections.cloister.aws.plugins.module_utils._once import Once
from ansible_collections.cloister.aws.plugins.module_utils._owner import Owner
from ansible_collections.cloister.aws.plugins.module_utils.kinds.load_balancer import LoadBalancer

TLS = ("HTTPS", "TLS")

Raw = t.Mapping[str, t.Any]


class Doors:
    """What stands on the owner's load balancers, others' things included, read once.

    ``balancers`` are those; read when nobody has done so.
    """

    def __init__(self, aws: Aws, owner: Owner, balancers: t.Sequence[Found] | None = None) -> None:
        self._aws = aws
        self._owner = owner
        self._balancers = balancers
        self._once = Once()

    def anew(self) -> Doors:
        """Return one that will read again, on the same load balancers."""
        return Doors(self._aws, self._owner, self._balancers)

    def listeners(self) -> list[Found]:
        """Return all listeners; ``raw`` has ``more_certificates`` beside what AWS describes."""
        return self._all()[0]

    def rules(self) -> list[Found]:
        """Return all rules but the default ones; ``raw`` has ``ListenerArn`` beside what AWS describes."""
        return self._all()[1]

    def _all(self) -> tuple[list[Found], list[Found]]:
        return self._once.get("all", self._read)

    def _read(self) -> tuple[list[Found], list[Found]]:
        if self._balancers is None:
            self._balancers = LoadBalancer(self._aws, self._owner).find()
        arns = [balancer.id for balancer in self._balancers if self._owner.owns(balancer.tags)]
        listeners = [raw for raws in each(self._listeners, arns) for raw in raws]
        reads: list[t.Callable[[], t.Any]] = [lambda: tags_of(self._aws, (raw["ListenerArn"] for raw in listeners))]
        reads += [lambda arn=raw["ListenerArn"]: self._rules(arn) for raw in listeners]  # type: ignore[misc]
        reads += [lambda raw=raw: self._certificates(raw) for raw in listeners]  # type: ignore[misc]
        tags, *rest = each(lambda read: read(), reads)
        rules = [raw for raws in rest[: len(listeners)] for raw in raws]
        more = rest[len(listeners) :]
        rule_tags = tags_of(self._aws, (raw["RuleArn"] for raw in rules))
        return (
            [
                Found(raw["ListenerArn"], tags.get(raw["ListenerArn"], {}), {**raw, "more_certificates": certificates})
                for raw, certificates in zip(listeners, more, strict=True)
            ],
            [Found(raw["RuleArn"], rule_tags.get(raw["RuleArn"], {}), raw) for raw in rules],
        )

    def _listeners(self, arn: str) -> list[Raw]:
        return self._aws.pages("elbv2", "describe_listeners", "Listeners", absent_ok=True, LoadBalancerArn=arn)

    def _rules(self, arn: str) -> list[Raw]:
        listed = self._aws.pages("elbv2", "describe_rules", "Rules", absent_ok=True, ListenerArn=arn)
        return [{**raw, "ListenerArn": arn} for raw in listed if not raw["IsDefault"]]

    def _certificates(self, raw: Raw) -> list[str]:
        """Return the certificates beside the default one, which the list may name too."""
        if raw.get("Protocol") not in TLS:
            return []
        action = "describe_listener_certificates"
        listed = self._aws.pages("elbv2", action, "Certificates", absent_ok=True, ListenerArn=raw["ListenerArn"])
        default = {one["CertificateArn"] for one in raw.get("Certificates", ())}
        return sorted({one["CertificateArn"] for one in listed if not one.get("IsDefault")} - default)
