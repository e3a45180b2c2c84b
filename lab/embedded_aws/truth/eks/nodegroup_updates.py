# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Changes of a node group: its sizes, labels and taints in place, its version with new machines.

https://docs.aws.amazon.com/eks/latest/APIReference/API_UpdateNodegroupConfig.html, _UpdateNodegroupVersion and
https://docs.aws.amazon.com/eks/latest/userguide/managed-node-update-behavior.html
"""

from __future__ import annotations

import typing as t

from lab.embedded_aws.truth.autoscaling import checks as scaling_checks
from lab.embedded_aws.truth.autoscaling import scaling
from lab.embedded_aws.truth.eks import node_images, node_machines, nodes, updates
from lab.embedded_aws.truth.eks import nodegroup_checks as checks
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
    now,
    params,
)
from lab.embedded_aws.truth.eks.cluster import cluster_named, nodegroup_named
from lab.embedded_aws.truth.eks.nodegroup import Nodegroup, Rolling, scaling_view
from lab.embedded_aws.truth.eks.updates import Update

BUSY = "Nodegroup cannot be updated as it is currently not in Active State"
SAID = {"minSize": "MinSize", "maxSize": "MaxSize", "desiredSize": "DesiredSize"}


def _ready(response: Response) -> tuple[Nodegroup, Body]:
    given = params(response)
    cluster = cluster_named(response.eks_backend, given["clusterName"])
    group = nodegroup_named(cluster, given["nodegroupName"])
    if group.status == "UPDATING":
        in_use(BUSY)
    if group.status not in ("ACTIVE", "DEGRADED"):
        bad_request(BUSY)
    return group, given


@action
def update_nodegroup_config(response: Response) -> t.Any:
    group, given = _ready(response)
    checks.modelled(given)
    wanted: Body = {}
    said: Body = {}
    if given.get("scalingConfig"):
        wanted["sizes"] = checks.sizes(given["scalingConfig"], scaling_view(group))
        said.update({SAID[key]: str(value) for key, value in given["scalingConfig"].items()})
    _labels(group, given.get("labels") or {}, wanted, said)
    _taints(group, given.get("taints") or {}, wanted, said)
    if given.get("updateConfig"):
        wanted["update_config"] = checks.update_config(given["updateConfig"])
        said.update({f"M{key[1:]}": str(value) for key, value in wanted["update_config"].items()})
    if given.get("nodeRepairConfig"):
        wanted["repair"] = given["nodeRepairConfig"]
        said["NodeRepairEnabled"] = bool(wanted["repair"].get("enabled"))
    if not wanted:
        invalid("No changes needed: nothing to update was given")

    def change(_: Update) -> None:
        for name, value in wanted.items():
            setattr(group, name, value)
        group.modified = now()
        if "sizes" in wanted and group.scaling is not None:
            _resize(group)

    update = updates.begin(group, group.cluster, Update("ConfigUpdate", said), "eks_update", change)
    return answer(update=first(update.view()))


def _resize(group: Nodegroup) -> None:
    names = {"minSize": "MinSize", "maxSize": "MaxSize", "desiredSize": "DesiredCapacity"}
    group.scaling.settings.update({names[key]: value for key, value in group.sizes.items()})
    scaling.tend(group.scaling)


def _labels(group: Nodegroup, given: Body, wanted: Body, said: Body) -> None:
    more, fewer = given.get("addOrUpdateLabels") or {}, given.get("removeLabels") or []
    if more or fewer:
        kept = {key: value for key, value in group.labels.items() if key not in fewer}
        wanted["labels"] = checks.labels({**kept, **more})
        said.update(LabelsToAdd=more, LabelsToRemove=fewer)


def _taints(group: Nodegroup, given: Body, wanted: Body, said: Body) -> None:
    more, fewer = given.get("addOrUpdateTaints") or [], given.get("removeTaints") or []
    if more or fewer:
        gone = {(one.get("key"), one.get("effect")) for one in [*more, *fewer]}
        kept = [one for one in group.taints if (one["key"], one["effect"]) not in gone]
        wanted["taints"] = checks.taints([*kept, *more])
        said.update(TaintsToAdd=more, TaintsToRemove=fewer)


@action
def update_nodegroup_version(response: Response) -> t.Any:
    group, given = _ready(response)
    backend = group.cluster.backend
    data, template = _new_template(group, given)
    wanted: Body = {"template": template}
    if group.own_image:
        for name in ("version", "releaseVersion"):
            if given.get(name):
                invalid(f"You cannot specify the field {name} when using custom AMIs.")
        wanted["release"] = data["ImageId"]
    else:
        wanted["version"] = checks.version(group.cluster, given.get("version") or group.version, group.version)
        wanted["release"] = _release(group, given, wanted["version"])
        node_images.check(group.ami_type, wanted["version"], group.kinds)
    said: Body = {"Version": wanted.get("version", group.version), "ReleaseVersion": wanted["release"]}
    if given.get("launchTemplate"):
        said.update(LaunchTemplateName=template["name"], LaunchTemplateVersion=template["version"])
    update = Update("VersionUpdate", said)
    group.updates[update.id], group.status = update, "UPDATING"
    _begin(group, update, wanted, data)
    after(backend, "eks_node_group", lambda: _due(group, update))
    nodes.look(backend)
    return answer(update=first(update.view()))


def _release(group: Nodegroup, given: Body, version: str) -> str:
    """The latest, unless only the launch template is to change."""
    asked = given.get("releaseVersion")
    if not asked and not given.get("version") and given.get("launchTemplate"):
        asked = group.release
    return node_images.release(version, asked)


def _new_template(group: Nodegroup, given: Body) -> tuple[Body, t.Any]:
    """The data of the caller's launch template in the version that is to be, and how it is kept."""
    asked = given.get("launchTemplate")
    if group.template is None:
        if asked:
            bad_request("You cannot specify a launch template for a node group that was created without one.")
        return {}, None
    if asked is None:
        asked = {"id": group.template["id"], "version": group.template["version"]}
    template, data = checks.template(group.cluster.backend, asked)
    if template is None or template["id"] != group.template["id"]:
        bad_request("You cannot switch to a different launch template.")
    if bool(data.get("ImageId")) is not group.own_image:
        bad_request("You cannot add or remove an image id when updating the launch template of a node group.")
    return data, template


def _begin(group: Nodegroup, update: Update, wanted: Body, data: Body) -> None:
    """Give the Auto Scaling group the new template, and room for new machines beside the old ones."""
    found = group.scaling
    old = [one.instance.id for one in found.members] if found is not None else []
    before = {name: getattr(group, name) for name in wanted}
    settings = {"MixedInstancesPolicy": found.settings["MixedInstancesPolicy"]} if found is not None else {}
    group.rolling = Rolling(update, old, before, settings)
    for name, value in wanted.items():
        setattr(group, name, value)
    group.modified = now()
    if found is None or group.made_template is None:
        return
    group.made_template.create_version(node_machines.template_data(group, data), "")
    found.settings.update(scaling_checks.completed(found, node_machines.source(group, group.made_template)))
    found.extra = len(old)
    scaling.tend(found)


def _due(group: Nodegroup, update: Update) -> None:
    if group.rolling is not None and group.rolling.update is update:
        group.rolling.due = True
