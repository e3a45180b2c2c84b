# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The fields of a node group, and the words of the calls that make it and change it. Pure.

https://docs.aws.amazon.com/eks/latest/APIReference/API_UpdateNodegroupConfig.html,
https://docs.aws.amazon.com/eks/latest/APIReference/API_UpdateNodegroupVersion.html
"""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._kind import Want

Raw = t.Mapping[str, t.Any]
Fields = t.Mapping[str, t.Any]
_ROLLING = ("version", "release_version", "template_version")
_UPDATE = {"max_unavailable": "maxUnavailable", "max_unavailable_percent": "maxUnavailablePercentage"}


def fields(raw: Raw) -> dict[str, t.Any]:
    """Return what a node group is, from EKS's description."""
    size, template = raw.get("scalingConfig") or {}, raw.get("launchTemplate") or {}
    update = raw.get("updateConfig") or {}
    return {
        "role": raw["nodeRole"],
        "subnets": sorted(raw["subnets"]),
        "ami_type": raw.get("amiType"),
        "capacity": raw.get("capacityType", "ON_DEMAND").lower(),
        "instance_types": list(raw.get("instanceTypes") or ()),
        "size": {"min": size.get("minSize"), "max": size.get("maxSize")},
        "desired": size.get("desiredSize"),
        "labels": dict(raw.get("labels") or {}),
        "taints": taints(raw.get("taints") or ()),
        "update": {ours: update[theirs] for ours, theirs in _UPDATE.items() if update.get(theirs)},
        "repair": (raw.get("nodeRepairConfig") or {}).get("enabled", False),
        "version": raw.get("version"),
        "release_version": raw.get("releaseVersion"),
        "template": template.get("id"),
        "template_version": template.get("version"),
    }


def taints(said: t.Iterable[Raw]) -> list[dict[str, str]]:
    """Return taints in an order of their own."""
    plain = [{"key": one["key"], "value": one.get("value") or "", "effect": one["effect"]} for one in said]
    return sorted(plain, key=lambda one: (one["key"], one["effect"]))


def new(wanted: Fields) -> dict[str, t.Any]:
    """Return the parameters of a create beside names and tags."""
    release = {"releaseVersion": wanted["release_version"]} if "release_version" in wanted else {}
    return {
        "nodeRole": wanted["role"],
        "subnets": wanted["subnets"],
        "amiType": wanted["ami_type"],
        "capacityType": wanted["capacity"].upper(),
        "instanceTypes": wanted["instance_types"],
        "scalingConfig": _scaling(wanted, wanted["size"]["min"]),
        "labels": wanted["labels"],
        "taints": wanted["taints"],
        "updateConfig": _update(wanted),
        "nodeRepairConfig": {"enabled": wanted["repair"]},
        "launchTemplate": {"id": wanted["template"], "version": wanted["template_version"]},
        "version": wanted["version"],
        **release,
    }


def changes(raw: Raw, want: Want, changed: t.Collection[str]) -> t.Iterator[tuple[str, dict[str, t.Any]]]:
    """Yield the calls: what nodes keep running for, then what rolls them over."""
    config = dict(_config(raw, want.fields, changed))
    if config:
        yield "update_nodegroup_config", config
    if set(_ROLLING) & set(changed):
        wanted = want.fields
        release = {"releaseVersion": wanted["release_version"]} if "release_version" in wanted else {}
        template = {"id": wanted["template"], "version": wanted["template_version"]}
        version = {"version": wanted["version"]} if "version" in changed else {}
        yield (
            "update_nodegroup_version",
            {"launchTemplate": template, "force": want.create["force"], **version, **release},
        )


def _config(raw: Raw, wanted: Fields, changed: t.Collection[str]) -> t.Iterator[tuple[str, t.Any]]:
    have = fields(raw)
    if {"size", "desired"} & set(changed):
        yield "scalingConfig", _scaling(wanted, have["desired"])
    if "labels" in changed:
        gone = sorted(set(have["labels"]) - set(wanted["labels"]))
        new_ones = {key: value for key, value in wanted["labels"].items() if have["labels"].get(key) != value}
        yield "labels", _both("Labels", new_ones, gone)
    if "taints" in changed:
        gone_taints = [one for one in have["taints"] if _place(one) not in map(_place, wanted["taints"])]
        yield "taints", _both("Taints", [one for one in wanted["taints"] if one not in have["taints"]], gone_taints)
    if "update" in changed:
        yield "updateConfig", _update(wanted)
    if "repair" in changed:
        yield "nodeRepairConfig", {"enabled": wanted["repair"]}


def _place(taint: Raw) -> tuple[str, str]:
    return taint["key"], taint["effect"]


def _both(what: str, come: t.Any, go: t.Any) -> dict[str, t.Any]:
    return {**({f"addOrUpdate{what}": come} if come else {}), **({f"remove{what}": go} if go else {})}


def _scaling(wanted: Fields, now: int) -> dict[str, int]:
    """Return sizes; where the inventory says no number of nodes they stay as many, within the bounds."""
    low, high = wanted["size"]["min"], wanted["size"]["max"]
    desired = wanted.get("desired")
    return {"minSize": low, "maxSize": high, "desiredSize": min(max(now, low), high) if desired is None else desired}


def _update(wanted: Fields) -> dict[str, int]:
    return {theirs: wanted["update"][ours] for ours, theirs in _UPDATE.items() if ours in wanted["update"]}
