# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Service accounts of clusters: each is one, is allowed something, and its role has a name that IAM takes.

https://docs.aws.amazon.com/eks/latest/userguide/associate-service-account-role.html,
https://kubernetes.io/docs/concepts/overview/working-with-objects/names/
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.cloister.aws.plugins.plugin_utils.spec.problems import Problem, shown
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.region import Item, Region
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules import identity
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules.names import NAMED, PART

NAMESPACE = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
ACCOUNT = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9.-]*[a-z0-9])?")
ALLOWS = ("policy_set", "managed_policies", "policies")


def rules(accounts: Item, region: Region) -> t.Iterator[Problem]:
    """Judge the service accounts of one stack."""
    names: dict[str, Item] = {}
    places: dict[tuple[str, str], Item] = {}
    for account in accounts.items():
        yield from _name(account, region, names)
        yield from _place(account, places)
        yield from identity.permissions(account, region)
        if not any(account.get(key) for key in ALLOWS):
            found = "Its role would allow nothing."
            yield account.problem(None, found, f"one of {', '.join(ALLOWS)}")


def _name(account: Item, region: Region, names: dict[str, Item]) -> t.Iterator[Problem]:
    name = account.name
    if not name:
        return
    if name in names:
        found = f"The service account {name} is there already: {names[name].spelled}."
        yield account.problem("name", found, "a name that no other has")
    names.setdefault(name, account)
    if not PART.fullmatch(name):
        right = "lowercase letters, digits and hyphens, with a letter or digit at both ends"
        yield account.problem("name", f"{shown(name)} cannot be the name of a service account.", right)
    clusters = [item.name for item in region.variables("eks_cluster") if item.stack == account.stack]
    home, most = str(region.shared("region_name", "")), NAMED["identity_roles"][1]
    for cluster in clusters:
        full = f"{home}-{cluster}-{name}"
        if len(full) > most:
            right = f"at most {most - len(full) + len(name)} characters"
            yield account.problem("name", f"Its role would be called {full}, {len(full)} characters long.", right)
        taken = region.named("identity_roles").get(f"{cluster}-{name}")
        if taken:
            found = f"Its role would be called {full}, as is that of {taken.spelled}."
            yield account.problem("name", found, "another name for one of the two")


def _place(account: Item, places: dict[tuple[str, str], Item]) -> t.Iterator[Problem]:
    namespace, name = account.text("namespace"), account.text("service_account")
    if namespace and not NAMESPACE.fullmatch(namespace):
        found = f"{shown(namespace)} is not a namespace."
        yield account.problem("namespace", found, "lowercase letters, digits and hyphens, without wildcards")
    if name and not ACCOUNT.fullmatch(name):
        found = f"{shown(name)} is not the name of a service account."
        yield account.problem("service_account", found, "lowercase letters, digits, hyphens and dots, no wildcards")
    there = places.get((namespace, name))
    if there and namespace and name:
        found = f"{there.spelled} gives a role to {namespace}/{name} already; pods take one."
        yield account.problem("service_account", found, "all policies with one of the two")
    places.setdefault((namespace, name), account)
