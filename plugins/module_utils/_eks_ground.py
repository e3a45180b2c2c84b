# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the releases of a cluster stand on: the cluster, and the roles that its service accounts take."""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._cluster_access import Cluster, cluster
from ansible_collections.cloister.aws.plugins.module_utils._eks import asked, aws_name
from ansible_collections.cloister.aws.plugins.module_utils._errors import MissingError
from ansible_collections.cloister.aws.plugins.module_utils._names import Names
from ansible_collections.cloister.aws.plugins.module_utils._owner import Owner
from ansible_collections.cloister.aws.plugins.module_utils._service_accounts import role_part
from ansible_collections.cloister.aws.plugins.module_utils._unknown import is_unknown, unknown
from ansible_collections.cloister.aws.plugins.module_utils.kinds.iam_role import IamRole

NOUN = "EKS cluster"


def standing(aws: Aws, owner: Owner, part: str, check: bool) -> Cluster:
    """Return the region's cluster of that name; in check mode one that is still to be made has markers for what it has.

    Raises MissingError when it does not stand, or is not the region's.
    """
    name = aws_name(owner, part)
    raw = asked(aws, "describe_cluster", "cluster", name=name)
    if raw and Owner(owner.region).owns(raw.get("tags", {})) and raw.get("endpoint"):
        return cluster(raw, aws.region)
    if check:
        marker = unknown(NOUN, part)
        return Cluster(name, aws.region, endpoint=marker, certificate_authority="", vpc_id=marker)
    raise MissingError(
        f"region {owner.region} has no {NOUN} {name} that stands; the stack eks makes it: run that "
        "first, or the whole region"
    )


def irsa_roles(names: Names, part: str, apps: t.Mapping[str, t.Mapping[str, t.Any]]) -> dict[str, str]:
    """Return the ARN of the role that each app's service account takes by a token of the cluster, by logical name.

    It is empty for a role of Pod Identity, which the cluster's agent hands out: nothing is written on the account.
    """
    wanted = {said["service_account"] for said in apps.values() if said.get("enabled") and said.get("service_account")}
    return {account: _taken_by_token(names, role_part(part, account)) for account in sorted(wanted)}


def _taken_by_token(names: Names, part: str) -> str:
    found = names.found(IamRole, part)
    if found is None or is_unknown(found.id):
        return unknown(IamRole.noun, part)
    statements = found.raw["AssumeRolePolicyDocument"]["Statement"]
    return found.id if any("Federated" in statement.get("Principal", {}) for statement in statements) else ""
