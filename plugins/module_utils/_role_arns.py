# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""ARNs of the region's roles, for who only passes them on: one listing, where the kind itself reads every policy."""

from __future__ import annotations

from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._names import Names
from ansible_collections.cloister.aws.plugins.module_utils._owner import Owner
from ansible_collections.cloister.aws.plugins.module_utils.kinds.iam_role import IamRole, path, role_name


class RoleArns:
    """The roles under the region's path, whichever stack made them: only ours can be there."""

    def __init__(self, aws: Aws, owner: Owner, names: Names) -> None:
        self._aws, self._names, self._owner = aws, names, Owner(owner.region)
        self._arns: dict[str, str] = {}

    def read(self) -> None:
        """List them."""
        roles = self._aws.pages("iam", "list_roles", "Roles", PathPrefix=path(self._owner))
        self._arns = {role["RoleName"]: role["Arn"] for role in roles}

    def arn(self, part: str) -> str:
        """Return the ARN of a role; what the listing does not have is looked up as any other name is."""
        return self._arns.get(role_name(self._owner, part)) or self._names.id(IamRole, part)
