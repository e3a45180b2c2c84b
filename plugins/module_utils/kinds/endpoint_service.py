# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Endpoint services: a network load balancer offered to other VPCs and accounts, one way in and none back.

The own account may connect without being named, other principals only when they are
(https://docs.aws.amazon.com/vpc/latest/privatelink/configure-endpoint-service.html). A service goes once nobody is
connected any more
(https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteVpcEndpointServiceConfigurations.html).
"""

from __future__ import annotations

import time
import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._errors import ApiError
from ansible_collections.cloister.aws.plugins.module_utils._kind import Ec2Kind, Found, Want
from ansible_collections.cloister.aws.plugins.module_utils._names import Names
from ansible_collections.cloister.aws.plugins.module_utils._once import Once
from ansible_collections.cloister.aws.plugins.module_utils._unknown import is_unknown
from ansible_collections.cloister.aws.plugins.module_utils.kinds.load_balancer import LoadBalancer

CONNECTED = ("pendingacceptance", "pending", "available")
_STILL_CONNECTED = "ExistingVpcEndpointConnections"


class EndpointService(Ec2Kind):
    """An endpoint service.

    Fields: ``load_balancers`` (sorted ARNs), ``acceptance_required``, ``principals`` (sorted ARNs, those that may
    connect beside its own account).
    """

    noun = "endpoint service"
    made_by = "private_api"
    rank = 24
    describe, listed = "describe_vpc_endpoint_service_configurations", "ServiceConfigurations"
    id_key, tag_type = "ServiceId", "vpc-endpoint-service"
    live = ("service-state", ("Pending", "Available", "Failed"))
    leaving_seconds = 600.0

    def __init__(self, *args: t.Any) -> None:
        super().__init__(*args)
        self._principals = Once()

    def fields(self, found: Found) -> dict[str, t.Any]:
        """Return what stands behind it and who may connect."""
        return {
            "load_balancers": sorted(found.raw.get("NetworkLoadBalancerArns", ())),
            "acceptance_required": bool(found.raw.get("AcceptanceRequired")),
            "principals": self._allowed(found.id),
        }

    def create(self, want: Want, tags: t.Mapping[str, str]) -> Found:
        """Offer it."""
        answer = self.aws.make(
            "ec2",
            "create_vpc_endpoint_service_configuration",
            NetworkLoadBalancerArns=want.fields["load_balancers"],
            AcceptanceRequired=want.fields["acceptance_required"],
            TagSpecifications=self.tag_specifications(tags),
        )
        return self.made(answer["ServiceConfiguration"], tags)

    def complete(self, found: Found, want: Want) -> None:
        """Let others in."""
        if want.fields["principals"]:
            self._permit(found, want.fields["principals"], ())

    def update(self, found: Found, want: Want, changed: t.Collection[str]) -> None:
        """Put others behind it, let others in, or ask before they come."""
        have, said = self.fields(found), dict[str, t.Any]()
        if "load_balancers" in changed:
            said["AddNetworkLoadBalancerArns"] = _beside(want.fields["load_balancers"], have["load_balancers"])
            said["RemoveNetworkLoadBalancerArns"] = _beside(have["load_balancers"], want.fields["load_balancers"])
        if "acceptance_required" in changed:
            said["AcceptanceRequired"] = want.fields["acceptance_required"]
        given: dict[str, t.Any] = {key: value for key, value in said.items() if value or value is False}
        if given:
            self.aws.call("ec2", "modify_vpc_endpoint_service_configuration", ServiceId=found.id, **given)
        if "principals" in changed:
            wanted, now = want.fields["principals"], have["principals"]
            self._permit(found, _beside(wanted, now), _beside(now, wanted))

    def foreign(self, want: Want) -> str | None:
        """Return a service of somebody else's that one of the load balancers serves: AWS lets it serve one."""
        wanted = {arn for arn in want.fields["load_balancers"] if not is_unknown(arn)}
        if wanted:
            for raw in self.aws.pages("ec2", self.describe, self.listed):
                found = self.found(raw)
                if wanted & set(raw.get("NetworkLoadBalancerArns", ())) and not self.owner.owns(found.tags):
                    return found.id
        return None

    def delete(self, found: Found) -> None:
        """Reject who is still connected, then take it down."""
        end = time.monotonic() + self.leaving_seconds
        while (refusal := self._delete(found)) is not None:
            if refusal.code != _STILL_CONNECTED or time.monotonic() > end:
                raise refusal
            self._reject_all(found)
            time.sleep(1)

    def shows(self, found: Found) -> dict[str, t.Any]:
        """Return the name that an endpoint asks for."""
        return {"service_name": found.raw["ServiceName"]}

    def _delete(self, found: Found) -> ApiError | None:
        """Ask for its deletion; return why not. This action answers 200 and tells refusals in its body."""
        action = "delete_vpc_endpoint_service_configurations"
        answer = self.aws.call("ec2", action, ServiceIds=[found.id], absent_ok=True) or {}
        for item in answer.get("Unsuccessful", ()):
            code, text = item.get("Error", {}).get("Code", "Unknown"), item.get("Error", {}).get("Message", "")
            if not code.endswith(".NotFound"):
                said = f"DeleteVpcEndpointServiceConfigurations({found.id}) was refused: {code}: {text}"
                return ApiError("DeleteVpcEndpointServiceConfigurations", code, said)
        return None

    def _reject_all(self, found: Found) -> None:
        filters = [{"Name": "service-id", "Values": [found.id]}]
        listed = self.aws.pages("ec2", "describe_vpc_endpoint_connections", "VpcEndpointConnections", Filters=filters)
        ids = [one["VpcEndpointId"] for one in listed if one["VpcEndpointState"].lower() in CONNECTED]
        if ids:
            self.aws.call("ec2", "reject_vpc_endpoint_connections", ServiceId=found.id, VpcEndpointIds=ids)

    def _allowed(self, service: str) -> list[str]:
        def read() -> list[str]:
            action = "describe_vpc_endpoint_service_permissions"
            listed = self.aws.pages("ec2", action, "AllowedPrincipals", ServiceId=service)
            return sorted(one["Principal"] for one in listed)

        return self._principals.get(service, read)

    def _permit(self, found: Found, coming: t.Sequence[str], leaving: t.Sequence[str]) -> None:
        said = {"AddAllowedPrincipals": list(coming), "RemoveAllowedPrincipals": list(leaving)}
        given: dict[str, t.Any] = {key: value for key, value in said.items() if value}
        self.aws.call("ec2", "modify_vpc_endpoint_service_permissions", ServiceId=found.id, **given)


def _beside(some: t.Iterable[str], others: t.Iterable[str]) -> list[str]:
    return sorted(set(some) - set(others))


def want(service: t.Mapping[str, t.Any], names: Names) -> Want:
    """Return the wish for one entry of ``services``."""
    fields = {
        "load_balancers": [names.id(LoadBalancer, service["load_balancer"])],
        "acceptance_required": service["acceptance_required"],
        "principals": sorted(service["principals"]),
    }
    return Want(service["name"], fields)
