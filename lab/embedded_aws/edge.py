# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a data plane needs to know: regions as they are judged, which target is which, and certificates with keys."""

from __future__ import annotations

import functools
import sys
import typing as t

from lab.embedded_aws.backend_lock import BACKEND
from lab.embedded_aws.verdicts import current as verdicts

Edge = dict[str, t.Any]


def pulse() -> list[t.Any]:
    """What changes without a call: whom Auto Scaling or ECS starts, ends of draining, and what tests say of health."""
    with BACKEND:
        targets = [
            (target.registration, target.gone_at is None)
            for _, _, backend in _backends("elbv2")
            for group in backend.target_groups.values()
            for target in group.targets.values()
        ]
        interfaces = frozenset(one for _, _, backend in _backends("ec2") for one in backend.enis)
    return [hash(tuple(targets)), hash(interfaces), verdicts.times]


def edges() -> list[Edge]:
    """Each region that has a VPC beside its default one; {account, region, snapshot, ...} each.

    `registrations`: numbers by target group and "id:port". `certificates`: {certificate, private_key, chain} by ARN.
    """
    from lab.embedded_aws.snapshot import snapshot

    with BACKEND:
        return [
            {
                "account": account, "region": region, "snapshot": dict(snapshot(account, region)),
                "registrations": _registrations(account, region), "certificates": _certificates(account, region),
            }
            for account, region, backend in _backends("ec2")
            if any(vpc.is_default not in (True, "true") for vpc in backend.vpcs.values())
        ]  # fmt: skip


def _backends(service: str) -> t.Iterator[tuple[str, str, t.Any]]:
    table: t.Any = getattr(sys.modules.get(f"moto.{service}.models"), f"{service}_backends", {})
    for account, regions in list(table.items()):
        for region, backend in list(regions.items()):
            yield account, region, backend


def _registrations(account: str, region: str) -> dict[str, dict[str, int]]:
    groups = (backend.target_groups.values() for *where, backend in _backends("elbv2") if where == [account, region])
    return {
        group.arn: {f"{one.id}:{one.port}": one.registration for one in group.targets.values()}
        for listed in groups
        for group in listed
    }


def _certificates(account: str, region: str) -> dict[str, dict[str, str]]:
    """Those that ACM holds and that are issued."""
    held = (backend._certificates.values() for *where, backend in _backends("acm") if where == [account, region])
    return {one.arn: _shown(one) for listed in held for one in listed if one.status == "ISSUED"}


def _shown(bundle: t.Any) -> dict[str, str]:
    """What was brought; in the place of what Amazon signs, one of the lab's CA, so that clients can believe it."""
    if bundle.type == "IMPORTED":
        chain = bundle.chain.decode() if bundle.chain else ""
        return {"certificate": bundle.cert.decode(), "private_key": bundle.key.decode(), "chain": chain}
    return _signed(bundle.arn, tuple(bundle.cloister_request.names))


@functools.cache
def _signed(_: str, names: tuple[str, ...]) -> dict[str, str]:
    from lab.embedded_aws.authority import authority

    return authority().issue(names)
