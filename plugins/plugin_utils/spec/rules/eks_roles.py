# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Roles that EKS, its nodes and pods on Fargate take: who may take them, and what they may do.

https://docs.aws.amazon.com/eks/latest/userguide/cluster-iam-role.html,
https://docs.aws.amazon.com/eks/latest/userguide/create-node-role.html,
https://docs.aws.amazon.com/eks/latest/userguide/pod-execution-role.html
"""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.plugin_utils.spec.problems import Problem
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.region import Item, Region
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules.names import refer


def taken(item: Item, key: str, region: Region, service: str, policies: t.Sequence[str]) -> t.Iterator[Problem]:
    """Yield what is wrong with the role that ``key`` names: ``service`` takes it, with AWS's own ``policies``.

    A policy is given as its name, or as several with slashes between of which one is enough. Of a role with policies of
    its own nothing is said: they may allow the same.
    """
    yield from refer(item, key, item.get(key), region, "identity_roles")
    role = region.named("identity_roles").get(item.text(key))
    if role is None:
        return
    trusted = [str(one.value).partition(".")[0] for one in role.items("trusted_services")]
    if service not in trusted and not role.get("trust_statements"):
        found = f"The service {service} may not take the role {role.name}."
        yield item.problem(key, found, f"trusted_services: [{service}] in identity_roles")
        return
    have = {str(one.value).rpartition("/")[2] for one in role.items("managed_policies")}
    missing = [one for one in policies if not have & set(one.split("/"))]
    if missing and not role.get("policies") and not _own(role):
        names = ", ".join(one.replace("/", " or ") for one in missing)
        found = f"The role {role.name} may not do what it is taken for: it lacks {names}."
        yield item.problem(key, found, f"{names} in managed_policies of {role.name} in identity_roles")


def _own(role: Item) -> bool:
    """Return whether a role has managed policies that are not AWS's."""
    return any(
        str(one.value).startswith("arn:") and "::aws:" not in str(one.value) for one in role.items("managed_policies")
    )
