# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PrivateLink from end to end: services are offered, endpoints ask, connections are let in; what is unlisted goes."""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils import _endpoint_policy as endpoint_policy
from ansible_collections.cloister.aws.plugins.module_utils._aws import each
from ansible_collections.cloister.aws.plugins.module_utils._kind import Found, Kind, Want
from ansible_collections.cloister.aws.plugins.module_utils._reconcile import Outcome, leave, reconcile
from ansible_collections.cloister.aws.plugins.module_utils._region_module import RegionModule
from ansible_collections.cloister.aws.plugins.module_utils._removal import remove_by_rank
from ansible_collections.cloister.aws.plugins.module_utils._stages import in_turn
from ansible_collections.cloister.aws.plugins.module_utils._unknown import unknown
from ansible_collections.cloister.aws.plugins.module_utils.kinds import endpoint_connection, endpoint_service
from ansible_collections.cloister.aws.plugins.module_utils.kinds.endpoint_connection import EndpointConnection
from ansible_collections.cloister.aws.plugins.module_utils.kinds.endpoint_service import EndpointService
from ansible_collections.cloister.aws.plugins.module_utils.kinds.load_balancer import LoadBalancer
from ansible_collections.cloister.aws.plugins.module_utils.kinds.security_group import SecurityGroup
from ansible_collections.cloister.aws.plugins.module_utils.kinds.subnet import Subnet
from ansible_collections.cloister.aws.plugins.module_utils.kinds.vpc import Vpc
from ansible_collections.cloister.aws.plugins.module_utils.kinds.vpc_endpoint import VpcEndpoint

Entry = t.Mapping[str, t.Any]
_NAMED: tuple[type[Kind], ...] = (LoadBalancer, Vpc, Subnet, SecurityGroup)


class Links:
    """The stages of ``private_links``, over what was read once."""

    def __init__(self, module: RegionModule) -> None:
        self._names = module.names
        self._wait: bool = module.params["wait"]
        self._check = module.check
        self._services: list[Entry] = module.params["services"]
        self._endpoints: list[Entry] = module.params["endpoints"]
        self._service, self._endpoint = module.kind(EndpointService), module.kind(VpcEndpoint)
        self._connection = module.kind(EndpointConnection)
        self._standing: dict[str, list[Found]] = {}
        self._service_ids: dict[str, str] = {}
        self._service_names: dict[str, str] = {}
        self._endpoint_ids: dict[str, str] = {}

    def bring_about(self) -> Outcome:
        """Bring all of it about, or in check mode predict it."""
        self._read()
        unsettled = [one for one in self._standing[EndpointConnection.noun] if not self._connection.settled(one)]
        stages = [self.services, self.endpoints, self.connections, self.leftovers]
        return in_turn(stages, self._check, pending=bool(self._wait and unsettled))

    def _read(self) -> None:
        def with_connections() -> None:
            found = self._service.find()
            self._standing[EndpointService.noun] = found
            self._standing[EndpointConnection.noun] = self._connection.within(found)

        def endpoints() -> None:
            self._standing[VpcEndpoint.noun] = self._endpoint.find()

        reads: list[t.Callable[[], t.Any]] = [with_connections, endpoints]
        reads += [lambda: self._names.read(*_NAMED)] if self._services or self._endpoints else []
        each(lambda read: read(), reads)

    def services(self, check: bool) -> Outcome:
        """Offer what is listed."""
        wanted = [endpoint_service.want(entry, self._names) for entry in self._services]
        outcome = self._reconcile(self._service, wanted, check)
        self._service_ids = outcome.ids
        self._service_names = {member.part: member.shows.get("service_name", "") for member in outcome.members}
        return outcome

    def endpoints(self, check: bool) -> Outcome:
        """Let endpoints ask; nobody waits for them before they are let in."""
        outcome = self._reconcile(self._endpoint, [self._endpoint_want(entry) for entry in self._endpoints], check)
        self._endpoint_ids = outcome.ids
        return outcome

    def _endpoint_want(self, entry: Entry) -> Want:
        service = entry["service"]
        fields = {
            "vpc": self._names.id(Vpc, entry["vpc"]),
            "service": self._service_names[service] or unknown(EndpointService.noun, service),
            "type": "interface",
            "policy": endpoint_policy.OPEN,
            "subnets": self._names.ids(Subnet, entry["subnets"]),
            "security_groups": self._names.ids(SecurityGroup, entry["security_groups"]),
            "private_dns": False,
        }
        return Want(entry["name"], fields)

    def connections(self, check: bool) -> Outcome:
        """Let in the endpoints that are listed, and those of others that are named."""
        return self._reconcile(self._connection, self._connection_wants(), check, self._wait)

    def _connection_wants(self) -> list[Want]:
        named = [(one["service"], one["name"], self._endpoint_ids[one["name"]]) for one in self._endpoints]
        named += [(one["name"], other, other) for one in self._services for other in one["accepted_endpoints"]]
        return [
            Want(
                endpoint_connection.part(service, name),
                {},
                create={"service": self._service_ids[service], "endpoint": endpoint},
            )
            for service, name, endpoint in named
        ]

    def leftovers(self, check: bool) -> Outcome:
        """Take away what is no longer listed."""
        listed: list[tuple[Kind, set[str]]] = [
            (self._connection, {want.part for want in self._connection_wants()}),
            (self._endpoint, {entry["name"] for entry in self._endpoints}),
            (self._service, {entry["name"] for entry in self._services}),
        ]
        members = [
            (kind, leave(kind, one)) for kind, parts in listed for one in self._standing[kind.noun]
            if one.part not in parts
        ]  # fmt: skip
        return remove_by_rank([pair for pair in members if pair[1].action == "remove"], check)

    def endpoint_names(self, outcome: Outcome) -> dict[str, dict[str, str]]:
        """Return DNS name and zone of each endpoint; known after apply where it has yet to be made."""
        said = {member.part: member.shows for member in outcome.members if member.kind == VpcEndpoint.noun}
        return {
            entry["name"]: {
                key: said.get(entry["name"], {}).get(key) or unknown(f"{VpcEndpoint.noun} {key}", entry["name"])
                for key in ("dns_name", "zone_id")
            }
            for entry in self._endpoints
        }

    def waiting(self) -> list[dict[str, str]]:
        """Return the endpoints of others that ask and are not listed: ``{endpoint, account, service}``."""
        own = {*self._endpoint_ids.values(), *(one for entry in self._services for one in entry["accepted_endpoints"])}
        return [
            {"endpoint": raw["VpcEndpointId"], "account": raw["VpcEndpointOwner"], "service": raw["ServiceId"]}
            for raw in self._connection.waiting
            if raw["VpcEndpointId"] not in own
        ]

    def _reconcile(self, kind: Kind, wanted: t.Sequence[Want], check: bool, wait: bool = False) -> Outcome:
        return reconcile(kind, wanted, check, wait=wait, purge=False, found=self._standing[kind.noun])
