# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Making, changing and deleting add-ons.

https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateAddon.html (and _UpdateAddon, _DeleteAddon, ...)
"""

from __future__ import annotations

import json
import typing as t

from lab.embedded_aws.truth.ecs.grants import role
from lab.embedded_aws.truth.eks import addon_catalog, associations, updates
from lab.embedded_aws.truth.eks.addon import Addon, check_configuration, offer_named, version_for, view
from lab.embedded_aws.truth.eks.addon_catalog import OFFERS
from lab.embedded_aws.truth.eks.base import (
    Body,
    Response,
    action,
    after,
    answer,
    bad_request,
    first,
    in_use,
    invalid,
    missing,
    not_modelled,
    now,
    page,
    params,
    read_tags,
    same_request,
)
from lab.embedded_aws.truth.eks.cluster import Cluster, addon_named, cluster_named
from lab.embedded_aws.truth.eks.updates import Update
from lab.embedded_aws.truth.eks.versions import VERSIONS

RESOLVING = ("OVERWRITE", "NONE", "PRESERVE")


@action
def describe_addon_versions(response: Response) -> t.Any:
    given = params(response)
    kubernetes, name = given.get("kubernetesVersion"), given.get("addonName")
    if kubernetes and kubernetes not in VERSIONS:
        invalid("unsupported Kubernetes version")
    rows = [addon_catalog.view(one, kubernetes) for one in OFFERS.values() if name in (None, one.name)]
    for key, member in (("types", "type"), ("publishers", "publisher"), ("owners", "owner")):
        rows = [one for one in rows if not given.get(key) or one[member] in given[key]]
    return page(given, [one for one in rows if one["addonVersions"]], "addons")


@action
def describe_addon_configuration(response: Response) -> t.Any:
    given = params(response)
    offer = offer_named(given["addonName"])
    if given["addonVersion"] not in {name for name, _, _ in offer.releases}:
        invalid("Addon version specified is not supported")
    recommended = [
        {"serviceAccount": account, "recommendedManagedPolicies": [_policy(response, policy)]}
        for account, policy in offer.accounts.items()
    ]
    return answer(
        addonName=offer.name, addonVersion=given["addonVersion"], podIdentityConfiguration=recommended,
        configurationSchema=json.dumps(addon_catalog.schema(offer)),
    )  # fmt: skip


def _policy(response: Response, name: str) -> str:
    path = "service-role/" if name.endswith("CSIDriverPolicy") else ""
    return f"arn:{response.eks_backend.partition}:iam::aws:policy/{path}{name}"


@action
def create_addon(response: Response) -> t.Any:
    given = params(response)
    cluster = cluster_named(response.eks_backend, given["clusterName"])
    known: t.Any = cluster.addons.get(given["addonName"])
    kind = f"addon:{cluster.name}"
    addon = same_request(cluster.backend, kind, given.get("clientRequestToken"), lambda: _create(cluster, given))
    return answer(addon=view(addon) if addon is known else first(view(addon)))


def _create(cluster: Cluster, given: Body) -> Addon:
    offer = offer_named(given["addonName"])
    if cluster.status != "ACTIVE":
        bad_request(f"Cluster '{cluster.name}' is not in ACTIVE status")
    if offer.name in cluster.addons:
        in_use("Addon already exists.")
    if given.get("namespaceConfig", {}).get("namespace") not in (None, offer.namespace):
        not_modelled("add-ons in a namespace of one's own")
    addon = Addon(
        cluster, offer, version_for(offer, cluster.version, given.get("addonVersion")), read_tags(given.get("tags")),
        _role(cluster, given.get("serviceAccountRoleArn")),
        check_configuration(offer, given.get("configurationValues")),
    )  # fmt: skip
    _resolving(given)
    wanted = given.get("podIdentityAssociations") or []
    associations.check_owned(cluster, wanted)
    conflict = _conflicts(addon, given)
    cluster.addons[offer.name] = addon
    associations.own(addon, wanted)
    after(cluster.backend, "eks_addon", lambda: _installed(addon, conflict))
    return addon


def _role(cluster: Cluster, arn: str | None) -> str | None:
    if arn and role(cluster.backend, arn) is None:
        invalid(f"Role with arn: {arn} does not exist")
    return arn


def _resolving(given: Body) -> str:
    wanted = given.get("resolveConflicts") or "NONE"
    if wanted not in RESOLVING:
        invalid(f"Invalid resolveConflicts: {wanted}")
    return str(wanted)


def _conflicts(addon: Addon, given: Body) -> bool:
    """Whether the add-on differs from the same software that the cluster was born with, and may not overwrite it."""
    cluster = addon.cluster
    if addon.name not in addon_catalog.SELF_MANAGED or not cluster.self_managed_addons:
        return False
    same = addon.version == addon.offer.default(cluster.version) and not addon.configuration
    return not same and given.get("resolveConflicts") != "OVERWRITE"


def _installed(addon: Addon, conflict: bool) -> None:
    if addon.gone or addon.state != "CREATING":
        return
    addon.state = "CREATE_FAILED" if conflict else "ACTIVE"
    if conflict:
        addon.issues.append({
            "code": "ConfigurationConflict",
            "message": "Conflicts found when trying to apply. Will not continue due to resolve conflicts mode. "
                       f"Conflicts: {addon.name} in {addon.offer.namespace}",
            "resourceIds": [],
        })  # fmt: skip


@action
def describe_addon(response: Response) -> t.Any:
    given = params(response)
    return answer(
        addon=view(addon_named(cluster_named(response.eks_backend, given["clusterName"]), given["addonName"]))
    )


@action
def list_addons(response: Response) -> t.Any:
    given = params(response)
    return page(given, sorted(cluster_named(response.eks_backend, given["clusterName"]).addons), "addons")


@action
def update_addon(response: Response) -> t.Any:
    given = params(response)
    cluster = cluster_named(response.eks_backend, given["clusterName"])
    addon = addon_named(cluster, given["addonName"])
    if cluster.status != "ACTIVE":
        bad_request(f"Cluster '{cluster.name}' is not in ACTIVE status")
    if addon.state in ("CREATING", "UPDATING", "DELETING"):
        in_use(f"Addon {addon.name} cannot be updated as it is currently in {addon.state} state")
    version = version_for(addon.offer, cluster.version, given.get("addonVersion") or _kept(addon))
    wanted: Body = {"AddonVersion": version, "ResolveConflicts": _resolving(given)}
    if "serviceAccountRoleArn" in given:
        wanted["ServiceAccountRoleArn"] = _role(cluster, given["serviceAccountRoleArn"]) or ""
    if "configurationValues" in given:
        wanted["ConfigurationValues"] = check_configuration(addon.offer, given["configurationValues"]) or ""
    owned = given.get("podIdentityAssociations")
    if owned is not None:
        associations.check_owned(cluster, owned, addon)
        wanted["PodIdentityAssociations"] = owned

    def change(_: Update) -> None:
        addon.version, addon.modified = version, now()
        addon.role = wanted.get("ServiceAccountRoleArn", addon.role) or None
        addon.configuration = wanted.get("ConfigurationValues", addon.configuration) or None
        addon.issues.clear()
        if owned is not None:
            associations.own(addon, owned)

    update = updates.begin(addon, cluster, Update("AddonUpdate", wanted), "eks_addon", change)
    return answer(update=first(update.view()))


def _kept(addon: Addon) -> str | None:
    """Without a version it stays at its own, where that still fits the cluster."""
    return addon.version if addon.version in addon.offer.fitting(addon.cluster.version) else None


@action
def delete_addon(response: Response) -> t.Any:
    given = params(response)
    addon = addon_named(cluster_named(response.eks_backend, given["clusterName"]), given["addonName"])
    if addon.state == "DELETING":
        missing(f"No addon: {addon.name} found in cluster: {addon.cluster.name}")
    addon.state = "DELETING"
    shown = view(addon)
    after(addon.cluster.backend, "eks_addon", lambda: _removed(addon, bool(given.get("preserve"))))
    return answer(addon=shown)


def _removed(addon: Addon, preserve: bool) -> None:
    """What is preserved runs on, managed by nobody: nodes keep their network."""
    associations.own(addon, [])
    addon.gone = True
    addon.cluster.addons.pop(addon.name, None)
    if preserve or addon.name not in addon_catalog.SELF_MANAGED:
        return
    addon.cluster.bare.add(addon.name)
