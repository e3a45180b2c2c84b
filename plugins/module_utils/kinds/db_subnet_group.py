# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""DB subnet groups, called ``<region_name>-<part>``: where a database may stand, in two zones at least.

https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_VPC.WorkingWithRDSInstanceinaVPC.html
"""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._aws import Patience, each
from ansible_collections.cloister.aws.plugins.module_utils._errors import ApiError
from ansible_collections.cloister.aws.plugins.module_utils._kind import Found, Kind, Want
from ansible_collections.cloister.aws.plugins.module_utils._owner import tag_list
from ansible_collections.cloister.aws.plugins.module_utils._rds import (
    aws_name,
    bear_late_neighbours,
    described,
    retag,
    tags_of,
)

GONE = "DBSubnetGroupNotFoundFault"
DESCRIPTION = "Made by Cloister"
# An instance that was deleted holds it for minutes.
_HELD = Patience(frozenset({"InvalidDBSubnetGroupStateFault"}), seconds=900)


class DbSubnetGroup(Kind):
    """A DB subnet group; its id is its ARN. Fields: ``subnets`` (ids, sorted)."""

    noun = "DB subnet group"
    made_by = "database"
    rank = 45

    def find(self) -> list[Found]:
        """Return ours: those of our names that carry our tags, which are read one by one, as the API gives them."""
        raws = self.aws.pages("rds", "describe_db_subnet_groups", "DBSubnetGroups")
        ours = [raw for raw in raws if raw["DBSubnetGroupName"].startswith(f"{self.owner.region}-")]
        found = each(
            lambda raw: Found(raw["DBSubnetGroupArn"], tags_of(self.aws, raw["DBSubnetGroupArn"], GONE), raw), ours
        )
        return [item for item in found if self.owner.owns(item.tags)]

    def fields(self, found: Found) -> dict[str, t.Any]:
        """Return its subnets."""
        return {"subnets": sorted(one["SubnetIdentifier"] for one in found.raw["Subnets"])}

    def create(self, want: Want, tags: t.Mapping[str, str]) -> Found:
        """Make it, tagged."""
        said = {
            "DBSubnetGroupName": aws_name(self.owner, want.part),
            "DBSubnetGroupDescription": DESCRIPTION,
            "SubnetIds": want.fields["subnets"],
            "Tags": tag_list(tags),
        }
        raw = bear_late_neighbours(lambda: self.aws.make("rds", "create_db_subnet_group", **said))["DBSubnetGroup"]
        return Found(raw["DBSubnetGroupArn"], tags, raw)

    def update(self, found: Found, want: Want, changed: t.Collection[str]) -> None:
        """Give it other subnets; one that an instance stands in cannot leave."""
        said = {"DBSubnetGroupName": found.raw["DBSubnetGroupName"], "SubnetIds": want.fields["subnets"]}
        bear_late_neighbours(lambda: self.aws.call("rds", "modify_db_subnet_group", **said))

    def retag(self, found: Found, tags: t.Mapping[str, str]) -> None:
        """Set these tags, leaving others alone."""
        retag(self.aws, found.id, tags)

    def delete(self, found: Found) -> None:
        """Delete it, once the instances in it are gone."""
        name = found.raw["DBSubnetGroupName"]
        try:
            self.aws.call("rds", "delete_db_subnet_group", patience=_HELD, DBSubnetGroupName=name)
        except ApiError as exc:
            if exc.code != GONE:
                raise

    def foreign(self, want: Want) -> str | None:
        """Return the group of that name when it is not ours."""
        name = aws_name(self.owner, want.part)
        raw = described(self.aws, "describe_db_subnet_groups", "DBSubnetGroups", GONE, DBSubnetGroupName=name)
        if raw is None or self.owner.owns(tags_of(self.aws, raw["DBSubnetGroupArn"], GONE)):
            return None
        return str(raw["DBSubnetGroupArn"])


def want(part: str, subnets: t.Sequence[str]) -> Want:
    """Return the wish for the subnets (ids) of an instance."""
    return Want(part, {"subnets": sorted(subnets)})
