# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What lies in a cluster: who comes in and who may use it, whose roles pods take, and its add-ons.

https://docs.aws.amazon.com/eks/latest/userguide/creating-access-entries.html,
https://kubernetes.io/docs/concepts/overview/working-with-objects/names/,
https://docs.aws.amazon.com/eks/latest/userguide/workloads-add-ons-available-eks.html
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.cloister.aws.plugins.plugin_utils.spec.problems import Problem, did_you_mean, shown
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.region import Item, Region
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules import eks_accounts
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules.endpoints import twice
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules.identity import partition_problems
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules.names import PART, refer
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules.security_groups import judged

STANDARD = "STANDARD"
PRINCIPAL = re.compile(r"arn:[\w-]+:iam::\d{12}:(role|user)/([\w+=,.@-]+/)*[\w+=,.@-]+")
POLICY = re.compile(r"Amazon\w+Policy")
RESERVED = ("system:", "eks:", "aws:", "amazon:", "iam:")
NAMESPACE = re.compile(r"(?=.{1,63}$)([*a-z0-9][a-z0-9-]*[*a-z0-9]|[a-z0-9])")
ADDON = re.compile(r"[a-z0-9][a-z0-9_-]{0,99}")
VERSION = re.compile(r"v\d+\.\d+\.\d+-eksbuild\.\d+|default|latest")
# What a node or a pod cannot do without: https://docs.aws.amazon.com/eks/latest/userguide/eks-add-ons.html
ESSENTIAL = ("vpc-cni", "kube-proxy", "coredns")
AGENT = "eks-pod-identity-agent"


def rules(region: Region) -> t.Iterator[Problem]:
    """Rules, entries, service accounts and add-ons, and that one has what the other needs."""
    for cluster in region.variables("eks_cluster"):
        yield from judged(cluster, "ingress", region)
    for entries in region.variables("eks_access_entries"):
        yield from _names(entries, "access entry")
        principals: dict[str, Item] = {}
        for entry in entries.items():
            yield from _entry(entry, region, principals)
    for accounts in region.variables("eks_service_accounts"):
        yield from eks_accounts.rules(accounts, region)
    for addons in region.variables("eks_addons"):
        yield from _addons(addons, region)


def _names(holder: Item, noun: str) -> t.Iterator[Problem]:
    seen: dict[str, Item] = {}
    for item in holder.items():
        if item.name and not PART.fullmatch(item.name):
            right = "lowercase letters, digits and hyphens, with a letter or digit at both ends"
            yield item.problem("name", f"{shown(item.name)} cannot be the name of an {noun}.", right)
        if item.name in seen:
            found = f"The {noun} {item.name} is there already: {seen[item.name].spelled}."
            yield item.problem("name", found, "a name that no other has")
        if item.name:
            seen.setdefault(item.name, item)


def _entry(entry: Item, region: Region, principals: dict[str, Item]) -> t.Iterator[Problem]:
    who = entry.text("principal") or entry.text("role")
    if who in principals:
        found = f"{principals[who].spelled} is for {who} already; EKS takes one entry for each."
        yield entry.problem("principal" if entry.get("principal") else "role", found, "all policies in one entry")
    if who:
        principals.setdefault(who, entry)
    if entry.get("role"):
        yield from refer(entry, "role", entry.get("role"), region, "identity_roles")
    if entry.get("principal"):
        yield from _principal(entry.child("principal"), region)
    kind = entry.text("type", STANDARD)
    given = [key for key in ("groups", "policies", "username") if entry.get(key)]
    if kind != STANDARD and given:
        found = f"EKS itself says what a {kind} may do, and takes no {given[0]}."
        yield entry.problem(given[0], found, f"no {given[0]}, or type: {STANDARD}")
    elif kind == STANDARD and not entry.get("policies", []) and not entry.get("groups", []):
        right = "policies: [{policy: AmazonEKSViewPolicy}], or groups that role bindings name"
        yield entry.problem(None, "It lets nobody do anything.", right)
    yield from _said_in_kubernetes(entry)
    yield from _policies(entry)


def _principal(principal: Item, region: Region) -> t.Iterator[Problem]:
    text = str(principal.value)
    if not PRINCIPAL.fullmatch(text):
        found = f"{shown(text)} is no role or user of IAM."
        if ":assumed-role/" in text:
            found = f"{shown(text)} is a session of a role, which ends."
        yield principal.problem(None, found, '"arn:{{ region_partition }}:iam::111122223333:role/platform-admin"')
    yield from partition_problems(principal, region)


def _said_in_kubernetes(entry: Item) -> t.Iterator[Problem]:
    for group in entry.items("groups"):
        if str(group.value).startswith(RESERVED):
            found = f"{shown(group.value)} is a group of Kubernetes or EKS itself."
            yield group.problem(None, found, f"a name that begins with none of {', '.join(RESERVED)}")
    username = entry.text("username")
    if username.startswith(RESERVED):
        found = f"{shown(username)} is a name that Kubernetes or EKS keeps for itself."
        yield entry.problem("username", found, f"one that begins with none of {', '.join(RESERVED)}, or none")
    before, session, _rest = username.partition("{{SessionName")
    if session and ":" not in before:
        yield entry.problem("username", "EKS wants a colon before the session's name.", "admin:{{SessionName}}")


def _policies(entry: Item) -> t.Iterator[Problem]:
    seen: set[str] = set()
    for policy in entry.items("policies"):
        name = policy.text("policy")
        if name and not POLICY.fullmatch(name):
            right = "its name without an ARN, such as AmazonEKSClusterAdminPolicy"
            yield policy.problem("policy", f"{shown(name)} is not an access policy of EKS.", right)
        if name in seen:
            yield policy.problem("policy", f"{name} is listed twice.", "one with all of its namespaces")
        seen.add(name)
        for namespace in policy.items("namespaces"):
            if not NAMESPACE.fullmatch(str(namespace.value)):
                found = f"{shown(namespace.value)} is not a namespace."
                yield namespace.problem(
                    None, found, "lowercase letters, digits and hyphens; web* for all that begin so"
                )
        yield from twice(policy.child("namespaces")) if policy.get("namespaces") else ()


def _addons(addons: Item, region: Region) -> t.Iterator[Problem]:
    accounts = {
        account.name: account
        for holder in region.variables("eks_service_accounts")
        if holder.stack == addons.stack
        for account in holder.items()
    }
    seen: set[str] = set()
    for addon in addons.items():
        yield from _addon(addon, accounts)
        if addon.name in seen:
            yield addon.problem("name", f"{addon.name} is listed twice.", "each add-on once")
        seen.add(addon.name)
    missing = [name for name in ESSENTIAL if name not in seen]
    if missing and all(addon.name for addon in addons.items()):
        found = f"Without {' and '.join(missing)} pods do not run: a cluster comes without add-ons of its own."
        yield addons.problem(None, found, ", ".join(f"{{name: {name}}}" for name in missing))
    pods = [account for account in accounts.values() if account.text("identity") == "pod_identity"]
    if pods and AGENT not in seen:
        found = f"The pods of {pods[0].spelled} get their role from {AGENT}, which is not listed."
        yield addons.problem(None, found, f"{{name: {AGENT}}}, or identity: irsa")


def _addon(addon: Item, accounts: t.Mapping[str, Item]) -> t.Iterator[Problem]:
    if addon.name and not ADDON.fullmatch(addon.name):
        yield addon.problem("name", f"{shown(addon.name)} is not an add-on.", "its name, such as aws-ebs-csi-driver")
    version = addon.text("version")
    if version and not VERSION.fullmatch(version):
        found = f"{shown(version)} is not a version of an add-on."
        yield addon.problem("version", found, "v1.20.4-eksbuild.2, default, latest, or none")
    name = addon.text("service_account_role")
    if name and name not in accounts:
        known = ", ".join(sorted(accounts)) or "one that eks_service_accounts lists"
        right = did_you_mean(name, accounts) or f"one of {known}"
        yield addon.problem("service_account_role", f"There is no service account called {shown(name)}.", right)
