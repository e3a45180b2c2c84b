# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From entries of ``eks_node_groups`` and ``eks_fargate_profiles`` to wishes."""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils import _eks as eks
from ansible_collections.cloister.aws.plugins.module_utils._eks_inside import part_in
from ansible_collections.cloister.aws.plugins.module_utils._kind import Want
from ansible_collections.cloister.aws.plugins.module_utils._names import Names
from ansible_collections.cloister.aws.plugins.module_utils._node_group_calls import taints
from ansible_collections.cloister.aws.plugins.module_utils.kinds.eks_fargate_profile import selectors
from ansible_collections.cloister.aws.plugins.module_utils.kinds.iam_role import IamRole
from ansible_collections.cloister.aws.plugins.module_utils.kinds.subnet import Subnet

Entry = t.Mapping[str, t.Any]


def group(entry: Entry, cluster: str, name: str, version: str, template: tuple[str, str], names: Names) -> Want:
    """Return the wish for a node group; ``name`` is the cluster's in AWS, ``template`` an id and a version."""
    size, update = entry["size"], entry["update"]
    said = {key: update[key] for key in ("max_unavailable", "max_unavailable_percent") if update[key] is not None}
    fields = {
        "state": eks.STANDING,
        "role": names.id(IamRole, entry["role"]),
        "subnets": names.ids(Subnet, entry["subnets"]),
        "ami_type": entry["ami_type"],
        "capacity": entry["capacity"],
        "instance_types": list(entry["instance_types"]),
        "size": {"min": size["min"], "max": size["max"]},
        "labels": {str(key): str(value) for key, value in entry["labels"].items()},
        "taints": taints(entry["taints"]),
        "update": said or {"max_unavailable": 1},
        "repair": entry["repair"],
        "schedule": entry["schedule"],
        "version": version,
        "template": template[0],
        "template_version": template[1],
    }
    if size["desired"] is not None:
        fields["desired"] = size["desired"]
    if entry["release_version"]:
        fields["release_version"] = entry["release_version"]
    create = {"cluster": name, "name": entry["name"], "force": update["force"]}
    return Want(part_in(cluster, entry["name"]), fields, create, tags=dict(entry["tags"]))


def profile(entry: Entry, cluster: str, name: str, names: Names) -> Want:
    """Return the wish for a Fargate profile; ``name`` is the cluster's in AWS."""
    fields = {
        "state": eks.STANDING,
        "role": names.id(IamRole, entry["role"]),
        "subnets": names.ids(Subnet, entry["subnets"]),
        "selectors": selectors(entry["selectors"]),
    }
    create = {"cluster": name, "name": entry["name"]}
    return Want(part_in(cluster, entry["name"]), fields, create, tags=dict(entry["tags"]))
