# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The Cloud Map namespaces that Service Connect names, by name or ARN.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ClusterServiceConnectDefaultsRequest.html
"""

from __future__ import annotations

import typing as t

from lab.embedded_aws.truth.ecs.base import Backend, Body, refuse


def _backend(backend: Backend) -> t.Any:
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
