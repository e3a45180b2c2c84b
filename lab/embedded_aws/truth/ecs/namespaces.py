# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The Cloud Map namespaces that Service Connect names, and the services it makes in them.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ClusterServiceConnectDefaultsRequest.html
"""

from __future__ import annotations

import typing as t

from lab.embedded_aws.truth.ecs.base import Backend, Body, refuse


def _backend(backend: Backend) -> t.Any:
    from lab.embedded_aws import truth

    truth.apply("servicediscovery")
    from moto.servicediscovery.models import servicediscovery_backends

    return servicediscovery_backends[backend.account_id][backend.region_name]


def find(backend: Backend, reference: str) -> t.Any:
    """The namespace of this name or ARN, None when there is none."""
    known = _backend(backend).namespaces.values()
    return next((one for one in known if reference in (one.arn, one.name)), None)


def required(backend: Backend, reference: str) -> t.Any:
    """The same, refused when there is none."""
    namespace = find(backend, reference)
    if namespace is None:
        refuse("NamespaceNotFoundException", f"Namespace not found: {reference}")
    return namespace


def of_defaults(backend: Backend, given: Body | None) -> Body | None:
    """A cluster's defaults with the namespace's ARN; a name that is new makes a namespace for API calls."""
    name = (given or {}).get("namespace")
    if not name:
        return None
    namespace = required(backend, name) if name.startswith("arn:") else find(backend, name)
    if namespace is None:
        _backend(backend).create_http_namespace(name, f"ecs-{name}", "", [])
        namespace = required(backend, name)
    return {"namespace": namespace.arn}


def discoverable(service: t.Any, connect: Body) -> list[Body]:
    """The Cloud Map services of a Service Connect configuration, made when they are not there yet."""
    from lab.embedded_aws.truth.ec2.base import own

    backend, mine = _backend(service.backend), own(service.backend, f"discovered:{service.arn}")
    namespace = required(service.backend, connect["namespace"])
    shown = []
    for one in connect.get("services") or []:
        name = one.get("discoveryName") or one["portName"]
        found = next((row for row in backend.services.values() if _is(row, name, namespace.id)), None)
        if found is None:
            found = backend.create_service(name, namespace.id, "", "Managed by Amazon ECS", {}, {}, {}, [], "HTTP")
            mine[found.id] = True
        shown.append({"discoveryName": name, "discoveryArn": found.arn})
    return shown


def _is(row: t.Any, name: str, namespace_id: str) -> bool:
    return bool((row.name, row.namespace_id) == (name, namespace_id))


def forget(service: t.Any) -> None:
    """Take away what Service Connect made for a service that has ended."""
    from lab.embedded_aws.truth.ec2.base import own

    mine = own(service.backend, f"discovered:{service.arn}")
    for identifier in list(mine):
        _backend(service.backend).services.pop(identifier, None)
    mine.clear()
