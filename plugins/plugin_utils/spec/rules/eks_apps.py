# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What runs in a cluster: its service accounts have their roles, its nodes what the apps need, and charts are pinned.

https://helm.sh/docs/chart_best_practices/conventions/ (names),
https://github.com/NVIDIA/k8s-device-plugin#deployment-via-helm (the label of nodes with GPUs)
"""

from __future__ import annotations

import re
import typing as t
from urllib.parse import urlsplit

from ansible_collections.cloister.aws.plugins.module_utils._eks_apps import APPS, BOOTSTRAP, STORAGE, App
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.problems import Problem, did_you_mean, shown
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.region import Item, Region

GPU_LABEL = "nvidia.com/gpu.present"
RELEASE = re.compile(r"(?=.{1,53}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?")
OBJECT = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9.-]*[a-z0-9])?")
VERSION = re.compile(r"v?\d+\.\d+\.\d+([+-][\w.-]+)?")
TAKEN = {STORAGE, BOOTSTRAP, *(app.release for app in APPS.values())}


def rules(region: Region) -> t.Iterator[Problem]:
    """Judge the apps of each stack that has a cluster to put them into."""
    for named in region.variables("eks_apps_cluster"):
        stack = {item.path[0]: item for item in _variables(named.stack, region)}
        unknown = list(_cluster(named, region))
        yield from (*unknown, *_numbers(stack))
        if unknown:
            continue
        yield from _storage(stack["eks_apps_storage_class"], str(named.value), region)
        apps = {name: stack[f"eks_apps_{name}"] for name in APPS}
        for name, app in apps.items():
            if app.get("enabled"):
                yield from _app(app, APPS[name], str(named.value), region)
        yield from _between(apps, str(named.value), region)
        yield from _releases(stack["eks_apps_releases"])
        for made in stack["eks_apps_objects"].items():
            yield from _object(made)


def _variables(stack: str, region: Region) -> t.Iterator[Item]:
    names = ["server", "wait_seconds", "storage_class", "releases", "objects", *APPS]
    for name in (f"eks_apps_{name}" for name in names):
        found = next((item for item in region.variables(name) if item.stack == stack), None)
        yield found or Item(stack, (name,), {})


def _cluster(named: Item, region: Region) -> t.Iterator[Problem]:
    known = [cluster.name for cluster in region.variables("eks_cluster") if cluster.name]
    if known and named.value not in known:
        right = did_you_mean(named.value, known) or f"one of {', '.join(sorted(known))}"
        yield named.problem(None, f"There is no cluster called {shown(named.value)}.", right)


def _numbers(stack: t.Mapping[t.Any, Item]) -> t.Iterator[Problem]:
    server, seconds = stack["eks_apps_server"], stack["eks_apps_wait_seconds"]
    if isinstance(server.value, str) and server.value:
        parts = urlsplit(server.value)
        if parts.scheme != "https" or not parts.hostname:
            found = f"{shown(server.value)} is no address of a Kubernetes API."
            yield server.problem(None, found, "such as https://localhost:8443")
    if isinstance(seconds.value, int) and seconds.value < 1:
        yield seconds.problem(None, f"{seconds.value} cannot be.", "1 or more")


def _storage(storage: Item, cluster: str, region: Region) -> t.Iterator[Problem]:
    if not storage.name:
        return
    if not OBJECT.fullmatch(storage.name):
        found = f"{shown(storage.name)} cannot be the name of a storage class."
        yield storage.problem("name", found, "lowercase letters, digits, hyphens and dots")
    addons = list(_of_cluster("eks_addons", cluster, region))
    if addons and "aws-ebs-csi-driver" not in [addon.name for addon in addons]:
        found = "Nothing in the cluster makes its volumes."
        yield storage.problem("name", found, "aws-ebs-csi-driver among eks_addons, with a service account")


def _app(app: Item, known: App, cluster: str, region: Region) -> t.Iterator[Problem]:
    version = app.text("version")
    if version and not VERSION.fullmatch(version):
        found = f"{shown(version)} is not one version, so tomorrow's run could install another."
        yield app.problem("version", found, f"such as {known.version}")
    account = app.text("service_account", known.identity)
    accounts = {item.name: item for item in _of_cluster("eks_service_accounts", cluster, region)}
    if not account or not accounts:
        return
    if account not in accounts:
        right = did_you_mean(account, accounts) or f"one of {', '.join(sorted(accounts))}"
        yield app.problem("service_account", f"There is no service account called {shown(account)}.", right)
        return
    runs_as = (app.text("namespace", known.namespace), known.service_account)
    trusted = (accounts[account].text("namespace"), accounts[account].text("service_account"))
    if trusted != runs_as:
        found = f"It runs as {'/'.join(runs_as)}, and {account} gives its role to {'/'.join(trusted)}."
        yield app.problem("service_account", found, "the same namespace and service account in eks_service_accounts")


def _between(apps: t.Mapping[str, Item], cluster: str, region: Region) -> t.Iterator[Problem]:
    updater, plugin, controller = (
        apps[name] for name in ("argocd_image_updater", "nvidia_device_plugin", "load_balancer_controller")
    )
    if updater.get("enabled") and not apps["argocd"].get("enabled"):
        found = "It writes for Argo CD, which is off."
        yield updater.problem("enabled", found, "eks_apps_argocd: {enabled: true}")
    if plugin.get("enabled"):
        yield from _gpus(plugin, cluster, region)
    if controller.get("enabled"):
        yield from _subnets(controller, cluster, region)


def _gpus(plugin: Item, cluster: str, region: Region) -> t.Iterator[Problem]:
    groups = list(_of_cluster("eks_node_groups", cluster, region))
    gpus = [group for group in groups if group.text("ami_type").endswith("_NVIDIA")]
    if groups and not gpus:
        found = "No node group of the cluster has GPUs."
        yield plugin.problem("enabled", found, "a node group whose ami_type ends in _NVIDIA, or no device plugin")
    for group in gpus:
        if str(group.get("labels", {}).get(GPU_LABEL, "")) != "true":
            found = f"The device plugin does not run on its nodes: they lack the label {GPU_LABEL}."
            yield group.problem("labels", found, f'labels: {{{GPU_LABEL}: "true"}} beside the others')


def _subnets(controller: Item, cluster: str, region: Region) -> t.Iterator[Problem]:
    full = f"{region.shared('region_name', '')}-{cluster}"
    vpcs = list(region.items("network_vpcs"))
    if vpcs and not any(full in [item.value for item in vpc.items("kubernetes_clusters")] for vpc in vpcs):
        found = f"It would find no subnets: no VPC says that {full} runs in it."
        yield controller.problem("enabled", found, f"kubernetes_clusters: [{full}] in network_vpcs")


def _releases(releases: Item) -> t.Iterator[Problem]:
    seen: set[str] = set()
    for release in releases.items():
        name, chart = release.name, release.text("chart")
        if name and not RELEASE.fullmatch(name):
            found = f"{shown(name)} cannot be the name of a release."
            yield release.problem("name", found, "at most 53 lowercase letters, digits and hyphens")
        if name in TAKEN or name in seen:
            yield release.problem("name", f"A release {name} is there already.", "a name that no other has")
        seen.add(name)
        repository, version = release.text("repository"), release.text("version")
        if repository and urlsplit(repository).scheme != "https":
            found = f"{shown(repository)} is no repository of charts."
            yield release.problem("repository", found, "https://..., or chart: oci://... without a repository")
        if (repository or chart.startswith("oci://")) and not VERSION.fullmatch(version):
            found = "Tomorrow's run could install another version." if not version else f"{shown(version)} is not one."
            yield release.problem("version", found, "one version, such as 1.2.3")


def _object(made: Item) -> t.Iterator[Problem]:
    missing = [key for key in ("apiVersion", "kind") if not made.text(key)]
    if not made.child("metadata").text("name"):
        missing.append("metadata.name")
    if missing:
        found = f"It has no {', '.join(missing)}."
        yield made.problem(None, found, "a Kubernetes object: {apiVersion: ..., kind: ..., metadata: {name: ...}}")


def _of_cluster(variable: str, cluster: str, region: Region) -> t.Iterator[Item]:
    """Yield the elements of a list of the stack whose cluster it is."""
    homes = {item.stack for item in region.variables("eks_cluster") if item.name == cluster}
    for holder in region.variables(variable):
        if holder.stack in homes:
            yield from holder.items()
