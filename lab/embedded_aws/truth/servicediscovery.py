# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Cloud Map as far as Service Connect needs it: HTTP namespaces and the services in them.

https://docs.aws.amazon.com/cloud-map/latest/api/API_CreateHttpNamespace.html (and _DeleteNamespace, _CreateService)
"""

from __future__ import annotations

import json
import typing as t

from lab.embedded_aws.truth.patching import before, install, let_be_listed, refuser

Backend = t.Any  # moto's ServiceDiscoveryBackend of one account and region
Response = t.Any

refuse = refuser("servicediscovery")


def check_namespace(self: Backend, name: str, *_: t.Any, **__: t.Any) -> None:
    known = next((one for one in self.namespaces.values() if one.name == name), None)
    if known is not None:
        refuse("NamespaceAlreadyExists", f"The namespace that you're trying to create already exists: {known.id}")


def check_namespace_deletion(self: Backend, namespace_id: str) -> None:
    if any(one.namespace_id == namespace_id for one in self.services.values()):
        refuse("ResourceInUse", "The namespace contains one or more services and can't be deleted.")
    namespace = self.namespaces.get(namespace_id)
    if namespace is not None:
        self.tagger.delete_all_tags_for_resource(namespace.arn)


def check_service(self: Backend, name: str, namespace_id: str, *_: t.Any, **__: t.Any) -> None:
    if namespace_id not in self.namespaces:
        refuse("NamespaceNotFound", f"No namespace exists with the specified ID: {namespace_id}")
    if any((one.name, one.namespace_id) == (name, namespace_id) for one in self.services.values()):
        refuse(
            "ServiceAlreadyExists", "The service can't be created because a service with the same name already exists."
        )


def check_service_deletion(self: Backend, service_id: str) -> None:
    service = self.services.get(service_id)
    if service is None:
        refuse("ServiceNotFound", f"No service exists with the specified ID: {service_id}")
    if service.instances:
        refuse("ResourceInUse", "The service contains registered instances and can't be deleted.")
    self.tagger.delete_all_tags_for_resource(service.arn)


def list_namespaces(self: Response) -> str:
    """moto leaves the filters aside."""
    given = json.loads(self.body) if self.body else {}
    found = [one.to_json() for one in self.servicediscovery_backend.namespaces.values()]
    for one in given.get("Filters") or []:
        found = [row for row in found if _accepts(row, one)]
    start, size = int(given.get("NextToken") or 0), int(given.get("MaxResults") or 100)
    more = {"NextToken": str(start + size)} if len(found) > start + size else {}
    return json.dumps({"Namespaces": found[start : start + size], **more})


def _accepts(row: dict[str, t.Any], given: dict[str, t.Any]) -> bool:
    http = (row["Properties"].get("HttpProperties") or {}).get("HttpName")
    found = {"TYPE": row["Type"], "NAME": row["Name"], "HTTP_NAME": http}.get(given["Name"])
    if given.get("Condition") == "BEGINS_WITH":
        return str(found).startswith(given["Values"][0])
    return found in given["Values"]


def _not_modelled(what: str) -> t.Callable[..., t.NoReturn]:
    def refuse_all(*_: t.Any, **__: t.Any) -> t.NoReturn:
        raise NotImplementedError(what)

    return refuse_all


def iter_tagged_resources(self: Backend) -> t.Iterator[t.Any]:
    from moto.core.resource_tagging import TaggedResource

    for kind, table in (("namespace", self.namespaces), ("service", self.services)):
        for one in table.values():
            tags = {row["Key"]: row["Value"] for row in self.tagger.list_tags_for_resource(one.arn)["Tags"]}
            more = {"shown": [one.name, one.description], "name": one.name}
            yield TaggedResource(one.arn, tags, f"servicediscovery:{kind}", more)


def apply() -> None:
    from moto.servicediscovery.models import ServiceDiscoveryBackend
    from moto.servicediscovery.responses import ServiceDiscoveryResponse

    let_be_listed(ServiceDiscoveryBackend, "servicediscovery", iter_tagged_resources)
    before(ServiceDiscoveryBackend, "create_http_namespace", check_namespace)
    before(ServiceDiscoveryBackend, "delete_namespace", check_namespace_deletion)
    before(ServiceDiscoveryBackend, "create_service", check_service)
    before(ServiceDiscoveryBackend, "delete_service", check_service_deletion)
    install(ServiceDiscoveryResponse, list_namespaces)
    for kind in ("private", "public"):
        name = f"create_{kind}_dns_namespace"
        setattr(ServiceDiscoveryBackend, name, _not_modelled(f"servicediscovery:{name}"))
