# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Eventual consistency of EKS: its own things by their names, and what it sees late of other services.

Hidden are `eks:<cluster>` and `eks:<cluster>/<name>`, from every call that names them and from lists.
"""

from __future__ import annotations

import json

from lab.embedded_aws.call import Call
from lab.embedded_aws.errors import error
from lab.embedded_aws.http_server import Answer

# What names a thing in a cluster; the cluster's own name is `name` in every path.
WITHIN = ("nodegroupName", "addonName", "fargateProfileName", "principalArn")
MAKES = {
    "CreateCluster": None, "CreateNodegroup": "nodegroupName", "CreateAddon": "addonName",
    "CreateFargateProfile": "fargateProfileName", "CreateAccessEntry": "principalArn",
}  # fmt: skip
LISTS = {
    "ListClusters": "clusters", "ListNodegroups": "nodegroups", "ListAddons": "addons",
    "ListFargateProfiles": "fargateProfileNames", "ListAccessEntries": "accessEntries",
}  # fmt: skip
MISSING = {
    "nodegroupName": "No node group found for name: {}.", "addonName": "No addon: {} found in cluster",
    "fargateProfileName": "No Fargate Profile found with name: {}.",
    "principalArn": "The specified principalArn could not be found. You can view your available access entries with "
    "'list-access-entries'.",
}  # fmt: skip
ROLE = "Role with arn: {}, could not be assumed because it does not exist or the trusted entity is not correct"
# What EKS says of a role it does not see yet, where that is not it.
ROLES = {
    "CreateNodegroup": "The role with name {} cannot be found.",
    "CreateFargateProfile": "The role with name {} cannot be found.",
    "CreateAccessEntry": "The specified principalArn is invalid: invalid principal.",
    "CreatePodIdentityAssociation": "Trust policy of the role provided is invalid.",
    "UpdatePodIdentityAssociation": "Trust policy of the role provided is invalid.",
    "CreateAddon": "Role with arn: {} does not exist", "UpdateAddon": "Role with arn: {} does not exist",
}  # fmt: skip


def _cluster(call: Call) -> str:
    return call.fields.get("name") or call.fields.get("clusterName") or ""


def made(call: Call) -> list[str]:
    """What a call made, as it is hidden."""
    if call.action not in MAKES:
        return []
    name = MAKES[call.action]
    return [f"eks:{_cluster(call)}" + (f"/{call.fields.get(name)}" if name else "")]


def named(call: Call) -> list[str]:
    """What a call names that is there already; a create names its cluster alone."""
    if call.action == "CreateCluster" or not _cluster(call):
        return []
    whole = f"eks:{_cluster(call)}"
    inner = [] if call.action in MAKES else [f"{whole}/{call.fields[one]}" for one in WITHIN if one in call.fields]
    return [whole, *inner]


def not_found(call: Call, hidden: str) -> Answer:
    """EKS's words for what it does not see: its own things, else a neighbour's."""
    whole, _, inner = hidden.partition("/")
    if whole == f"eks:{_cluster(call)}":
        name = next((one for one in WITHIN if inner and call.fields.get(one) == inner), None)
        said = MISSING[name].format(inner) if name else f"No cluster found for name: {_cluster(call)}."
        return error(call, "ResourceNotFoundException", said, 404)
    if hidden.startswith("lt-"):
        return error(
            call, "InvalidRequestException", f"The specified launch template, with ID {hidden}, does not exist."
        )
    if hidden.startswith(("subnet-", "sg-")):
        what = "subnet ID" if hidden.startswith("subnet-") else "security group"
        return error(call, "InvalidParameterException", f"The {what} '{hidden}' does not exist (Service: Ec2)")
    return error(call, "InvalidParameterException", ROLES.get(call.action, ROLE).format(hidden))


def filtered(call: Call, answer: Answer, hidden: set[str]) -> tuple[Answer, list[str]]:
    """A list without what is hidden, and what of it was there."""
    key = LISTS.get(call.action)
    if key is None:
        return answer, []
    body = json.loads(answer.body)
    prefix = "eks:" if call.action == "ListClusters" else f"eks:{_cluster(call)}/"
    seen = [f"{prefix}{one}" for one in body.get(key) or [] if f"{prefix}{one}" in hidden]
    if not seen:
        return answer, []
    body[key] = [one for one in body[key] if f"{prefix}{one}" not in hidden]
    return Answer(answer.status, answer.headers, json.dumps(body).encode()), seen
