# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Internet gateways: the way out (and in) of a VPC's public subnets; a VPC has at most one."""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._errors import ApiError
from ansible_collections.cloister.aws.plugins.module_utils._kind import LINGERING, Ec2Kind, Found, Want
from ansible_collections.cloister.aws.plugins.module_utils._names import Names
from ansible_collections.cloister.aws.plugins.module_utils._unknown import is_unknown
from ansible_collections.cloister.aws.plugins.module_utils.kinds.vpc import Vpc


class InternetGateway(Ec2Kind):
    """An internet gateway. Field: ``vpc`` (id of the VPC it is attached to, or None)."""

    noun = "internet gateway"
    made_by = "network"
    rank = 60
    describe, listed, id_key, tag_type = (
        "describe_internet_gateways",
        "InternetGateways",
        "InternetGatewayId",
        "internet-gateway",
    )

    def fields(self, found: Found) -> dict[str, t.Any]:
        """Return where it is attached."""
        return {"vpc": next((item["VpcId"] for item in found.raw.get("Attachments", ())), None)}

    def create(self, want: Want, tags: t.Mapping[str, str]) -> Found:
        """Make it, attached to nothing."""
        answer = self.aws.make("ec2", "create_internet_gateway", TagSpecifications=self.tag_specifications(tags))
        return self.made(answer["InternetGateway"], tags)

    def complete(self, found: Found, want: Want) -> None:
        """Attach it."""
        self.update(found, want, ("vpc",))

    def update(self, found: Found, want: Want, changed: t.Collection[str]) -> None:
        """Attach it where it belongs, after taking it off where it does not."""
        self._detach(found)
        try:
            self.aws.call("ec2", "attach_internet_gateway", InternetGatewayId=found.id, VpcId=want.fields["vpc"])
        except ApiError as exc:
            # A repeated call after a lost answer finds it attached; anything else in the VPC is `foreign`.
            if exc.code != "Resource.AlreadyAssociated" or self._holder(want) != found.id:
                raise

    def delete(self, found: Found) -> None:
        """Detach and delete it, bearing public addresses that are still mapped in the VPC."""
        self._detach(found)
        self.aws.call("ec2", "delete_internet_gateway", InternetGatewayId=found.id, absent_ok=True, patience=LINGERING)

    def foreign(self, want: Want) -> str | None:
        """Return the gateway that the VPC already has."""
        return None if is_unknown(want.fields["vpc"]) else self._holder(want)

    def _holder(self, want: Want) -> str | None:
        filters = [{"Name": "attachment.vpc-id", "Values": [want.fields["vpc"]]}]
        there = self.aws.pages("ec2", "describe_internet_gateways", "InternetGateways", Filters=filters)
        return there[0]["InternetGatewayId"] if there else None

    def _detach(self, found: Found) -> None:
        vpc = self.fields(found)["vpc"]
        if vpc is None:
            return
        try:
            self.aws.call(
                "ec2",
                "detach_internet_gateway",
                InternetGatewayId=found.id,
                VpcId=vpc,
                absent_ok=True,
                patience=LINGERING,
            )
        except ApiError as exc:
            if exc.code != "Gateway.NotAttached":
                raise


def want(gateway: t.Mapping[str, t.Any], names: Names) -> Want:
    """Return the wish for an entry {name, vpc}."""
    return Want(gateway["name"], {"vpc": names.id(Vpc, gateway["vpc"])})
