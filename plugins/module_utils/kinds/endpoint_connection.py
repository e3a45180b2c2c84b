# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Endpoint connections: who was let in to an endpoint service of ours.

Who asks, and nobody answered, is no member: only what was accepted is ours. An accepted one that is no longer listed is
rejected, which cuts it off
(https://docs.aws.amazon.com/vpc/latest/privatelink/configure-endpoint-service.html#accept-reject-connection-requests).
"""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._aws import each
from ansible_collections.cloister.aws.plugins.module_utils._errors import ApiError, RegionError
from ansible_collections.cloister.aws.plugins.module_utils._kind import Found, HeldKind, Want
from ansible_collections.cloister.aws.plugins.module_utils._owner import Owner
from ansible_collections.cloister.aws.plugins.module_utils.kinds.endpoint_service import EndpointService
from ansible_collections.cloister.aws.plugins.module_utils.kinds.vpc_endpoint import VpcEndpoint

ACCEPTED = ("pending", "available")
_ENDED = ("deleting", "deleted", "failed", "expired")


class EndpointConnection(HeldKind):
    """An accepted connection. Its part is ``<service> <endpoint>``, the endpoint by name where it is the region's.

    It has no fields. ``create`` holds ``service`` and ``endpoint``, their ids.
    """

    noun = "endpoint connection"
    made_by = "private_api"
    rank = 22
    holder = EndpointService
    asking_seconds = 60.0
    """How long an endpoint that was just made may take to ask."""

    def __init__(self, *args: t.Any) -> None:
        super().__init__(*args)
        self.waiting: list[t.Mapping[str, t.Any]] = []
        """Who asks and has no answer yet, as AWS describes it, as of the last `within`."""

    def within(self, holders: t.Iterable[Found]) -> list[Found]:
        """Return what was accepted by these services."""
        services = {found.id: found for found in holders}
        if not services:
            return []
        reads: list[t.Callable[[], t.Any]] = [self._endpoints, lambda: self._listed("service-id", sorted(services))]
        known, raws = each(lambda read: read(), reads)
        self.waiting = [raw for raw in raws if _state(raw) == "pendingacceptance"]
        return [
            self._found(services[raw["ServiceId"]], known.get(raw["VpcEndpointId"], raw["VpcEndpointId"]), raw)
            for raw in raws
            if _state(raw) in ACCEPTED and raw["ServiceId"] in services
        ]

    def fields(self, found: Found) -> dict[str, t.Any]:
        """Return nothing: that it is there is all there is to it."""
        return {}

    def create(self, want: Want, tags: t.Mapping[str, str]) -> Found:
        """Accept it, once the endpoint asks."""
        service, endpoint = want.create["service"], want.create["endpoint"]
        said = f"{endpoint} to ask endpoint service {service} for a connection"
        self.until(said, lambda: self._now(service, endpoint) is not None, self.asking_seconds)
        state = _state(self._now(service, endpoint) or {})
        if state in _ENDED:
            raise RegionError(f"{endpoint} is {state} and cannot be let in to {service}; delete it and make it anew")
        if state not in ACCEPTED:
            self._answer("accept_vpc_endpoint_connections", service, endpoint)
        return Found(f"{service}/{endpoint}", tags, {"ServiceId": service, "VpcEndpointId": endpoint})

    def settled(self, found: Found) -> bool:
        """Return whether it was available when it was read."""
        return _state(found.raw) == "available"

    def settle(self, found: Found) -> None:
        """Wait until it is available."""
        service, endpoint = found.raw["ServiceId"], found.raw["VpcEndpointId"]

        def available() -> bool:
            state = _state(self._now(service, endpoint) or {})
            if state in ("rejected", *_ENDED):
                raise RegionError(f"the connection of {endpoint} to {service} is {state} though it was accepted")
            return state == "available"

        self.until(f"the connection of {endpoint} to {service}", available)

    def delete(self, found: Found) -> None:
        """Reject it."""
        self._answer("reject_vpc_endpoint_connections", found.raw["ServiceId"], found.raw["VpcEndpointId"])

    def shows(self, found: Found) -> dict[str, t.Any]:
        """Return whose endpoint it is."""
        return {"endpoint": found.raw["VpcEndpointId"], "account": found.raw.get("VpcEndpointOwner", "")}

    def _answer(self, action: str, service: str, endpoint: str) -> None:
        """Accept or reject; both actions answer 200 and tell refusals in their body."""
        rejecting = action.startswith("reject")
        said: dict[str, t.Any] = {"ServiceId": service, "VpcEndpointIds": [endpoint]}
        answer = self.aws.call("ec2", action, absent_ok=rejecting, **said) or {}
        for item in answer.get("Unsuccessful", ()):
            code, text = item.get("Error", {}).get("Code", "Unknown"), item.get("Error", {}).get("Message", "")
            gone = rejecting and (code.endswith(".NotFound") or _state(self._now(service, endpoint) or {}) in _ENDED)
            if not gone and (rejecting or _state(self._now(service, endpoint) or {}) not in ACCEPTED):
                raise ApiError(action, code, f"{action}({service}, {endpoint}) was refused: {code}: {text}")

    def _now(self, service: str, endpoint: str) -> t.Mapping[str, t.Any] | None:
        listed = self._listed("vpc-endpoint-id", [endpoint])
        return next((raw for raw in listed if raw["ServiceId"] == service), None)

    def _listed(self, name: str, values: t.Sequence[str]) -> list[t.Mapping[str, t.Any]]:
        filters = [{"Name": name, "Values": list(values)}]
        return self.aws.pages("ec2", "describe_vpc_endpoint_connections", "VpcEndpointConnections", Filters=filters)

    def _endpoints(self) -> dict[str, str]:
        """Return the names of the region's own endpoints by id."""
        return {found.id: found.part for found in VpcEndpoint(self.aws, Owner(self.owner.region)).find()}

    def _found(self, service: Found, name: str, raw: t.Mapping[str, t.Any]) -> Found:
        return Found(f"{raw['ServiceId']}/{raw['VpcEndpointId']}", self.tags_in(service, name), raw)


def _state(raw: t.Mapping[str, t.Any]) -> str:
    return str(raw.get("VpcEndpointState", "")).lower()


def part(service: str, endpoint: str) -> str:
    """Return the logical name of a connection."""
    return f"{service} {endpoint}"
