"""A Kubernetes API in memory, as much of one as Helm speaks to: objects of a few kinds, and who asked for them.

What it does not do: schedule, validate, or merge lists by key. A pod never runs, so a Deployment is ready at once.
https://kubernetes.io/docs/reference/using-api/api-concepts/
"""

from __future__ import annotations

import json
import re
import ssl
import threading
import typing as t
import uuid
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from tests.integration.eks_apps.protobuf import MAGIC, secret

Object = dict[str, t.Any]

# Resource -> kind, and whether it lies in a namespace, by group and version.
RESOURCES: dict[str, dict[str, tuple[str, bool]]] = {
    "v1": {
        "namespaces": ("Namespace", False),
        "configmaps": ("ConfigMap", True),
        "secrets": ("Secret", True),
        "services": ("Service", True),
        "serviceaccounts": ("ServiceAccount", True),
    },
    "apps/v1": {"deployments": ("Deployment", True), "replicasets": ("ReplicaSet", True)},
    "storage.k8s.io/v1": {"storageclasses": ("StorageClass", False)},
}
VERBS = ["create", "delete", "get", "list", "patch", "update"]
PATH = re.compile(
    r"/(?:api|apis(?=/[^/]+/))/(?P<version>v1|[^/]+/v\d\w*)(?:/namespaces/(?P<namespace>[^/]+)(?=/))?"
    r"/(?P<resource>[a-z]+)(?:/(?P<name>[^/]+))?"
)


class ApiError(Exception):
    """A refusal, as a Status object tells it."""

    def __init__(self, code: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.status = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code}
        self.status |= {"reason": reason, "message": message}


@dataclass
class Cluster:
    """The objects, by version, resource, namespace and name; and what the API was asked."""

    objects: dict[tuple[str, str, str, str], Object] = field(default_factory=dict)
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    """(method, path, Authorization) of each call."""
    rolls_out: bool = True
    """Whether pods of a new Deployment ever become ready."""

    def of(self, kind: str) -> dict[str, Object]:
        """The objects of a kind by name."""
        return {key[3]: thing for key, thing in self.objects.items() if thing["kind"] == kind}

    @property
    def writes(self) -> list[tuple[str, str]]:
        """The calls that change something."""
        return [(method, path) for method, path, _token in self.asked if method != "GET"]

    def answer(self, method: str, address: str, body: Object | None) -> Object:
        """Carry out a call."""
        parts = urlsplit(address)
        if method == "GET" and (told := discovery(parts.path)) is not None:
            return told
        found = PATH.fullmatch(parts.path)
        if not found or found["resource"] not in RESOURCES.get(found["version"], {}):
            raise ApiError(404, "NotFound", f"the server could not find the requested resource {parts.path}")
        where = (found["version"], found["resource"], found["namespace"] or "")
        if found["name"]:
            return self._one(method, (*where, found["name"]), body)
        if method == "POST":
            return self._create(where, body or {})
        return self._list(where, parse_qs(parts.query).get("labelSelector", [""])[0])

    def _create(self, where: tuple[str, str, str], thing: Object) -> Object:
        key = (*where, thing["metadata"]["name"])
        if key in self.objects:
            raise ApiError(409, "AlreadyExists", f"{key[1]} {key[3]!r} already exists")
        thing["metadata"] |= {"uid": str(uuid.uuid4()), "creationTimestamp": "2026-01-01T00:00:00Z"}
        if where[2]:
            thing["metadata"]["namespace"] = where[2]
        return self._keep(key, thing)

    def _one(self, method: str, key: tuple[str, str, str, str], body: Object | None) -> Object:
        if key not in self.objects:
            raise ApiError(404, "NotFound", f"{key[1]} {key[3]!r} not found")
        if method == "DELETE":
            self.objects.pop(key)
            self.objects.pop((key[0], "replicasets", *key[2:]), None)
            return {"kind": "Status", "apiVersion": "v1", "status": "Success"}
        if method == "PUT":
            return self._keep(key, body or {})
        return self._keep(key, merged(self.objects[key], body or {})) if method == "PATCH" else self.objects[key]

    def _keep(self, key: tuple[str, str, str, str], thing: Object) -> Object:
        thing["metadata"]["resourceVersion"] = str(len(self.asked))
        if thing["kind"] == "Deployment":
            self.objects[key[0], "replicasets", *key[2:]] = roll_out(thing, self.rolls_out)
        self.objects[key] = thing
        return thing

    def _list(self, where: tuple[str, str, str], selector: str) -> Object:
        version, resource, namespace = where
        items = [
            thing
            for key, thing in self.objects.items()
            if key[:2] == (version, resource) and namespace in ("", key[2]) and selects(selector, thing)
        ]
        kind = RESOURCES[version][resource][0]
        return {"kind": f"{kind}List", "apiVersion": version, "metadata": {"resourceVersion": "1"}, "items": items}


def roll_out(deployment: Object, ready_at_once: bool) -> Object:
    """Make all pods of a Deployment ready, or none, and return the ReplicaSet that has them: what Helm waits for."""
    metadata, spec = deployment["metadata"], deployment["spec"]
    count = spec.get("replicas", 1) if ready_at_once else 0
    ready = {"observedGeneration": 1, "replicas": count, "readyReplicas": count, "availableReplicas": count}
    metadata["generation"] = 1
    deployment["status"] = {**ready, "updatedReplicas": count}
    owner = {"apiVersion": "apps/v1", "kind": "Deployment", "name": metadata["name"], "uid": metadata["uid"]}
    labels = spec["template"]["metadata"]["labels"]
    owners = [{**owner, "controller": True}]
    theirs = {"name": metadata["name"], "generation": 1, "labels": labels, "ownerReferences": owners}
    return {"kind": "ReplicaSet", "apiVersion": "apps/v1", "metadata": theirs, "spec": spec, "status": ready}


def discovery(path: str) -> Object | None:
    """What the API says of itself; None for any other path."""
    groups = [version.partition("/") for version in RESOURCES if "/" in version]
    if path == "/version":
        return {"major": "1", "minor": "33", "gitVersion": "v1.33.0"}
    if path == "/api":
        return {"kind": "APIVersions", "versions": ["v1"]}
    if path == "/apis":
        versions = [{"groupVersion": f"{group}/{version}", "version": version} for group, _, version in groups]
        told = zip(groups, versions, strict=True)
        listed = [{"name": group, "versions": [one], "preferredVersion": one} for (group, _, _), one in told]
        return {"kind": "APIGroupList", "apiVersion": "v1", "groups": listed}
    if path.startswith("/openapi/v3"):
        return schemas(path)
    version = path.removeprefix("/apis/").removeprefix("/api/")
    if version not in RESOURCES:
        return None
    resources = [
        {"name": name, "singularName": "", "namespaced": inside, "kind": kind, "verbs": VERBS}
        for name, (kind, inside) in RESOURCES[version].items()
    ]
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version, "resources": resources}


def schemas(path: str) -> Object:
    """Say of every kind that its fields are validated here, so that Helm need not download what they are."""
    places = {("apis/" if "/" in version else "api/") + version: version for version in RESOURCES}
    version = places.get(path.removeprefix("/openapi/v3/"))
    if version is None:
        return {"paths": {place: {"serverRelativeURL": f"/openapi/v3/{place}"} for place in places}}
    group, _, short = version.rpartition("/")
    parameters = [{"name": "fieldValidation", "in": "query", "schema": {"type": "string"}}]
    kinds = [{"group": group, "version": short, "kind": kind} for kind, _inside in RESOURCES[version].values()]
    patches = [{"parameters": parameters, "x-kubernetes-group-version-kind": kind, "responses": {}} for kind in kinds]
    paths = {f"/{kind['kind']}": {"patch": patch} for kind, patch in zip(kinds, patches, strict=True)}
    return {"openapi": "3.0.0", "info": {"title": "Kubernetes", "version": "v1.33.0"}, "paths": paths}


def selects(selector: str, thing: Object) -> bool:
    """Whether an object's labels are what a selector asks for: ``a=b``, ``a!=b``, ``a in (b,c)``."""
    labels = thing["metadata"].get("labels", {})
    for wish in re.split(r",(?![^(]*\))", selector) if selector else ():
        key, operator, value = t.cast("re.Match[str]", re.fullmatch(r"([\w./-]+?)\s*(!=|==?|in)\s*(.*)", wish)).groups()
        among = labels.get(key) in [one.strip() for one in value.strip("()").split(",")]
        if among is (operator == "!="):
            return False
    return True


def merged(thing: Object, patch: Object) -> Object:
    """RFC 7396: dicts key by key, None deletes, all else is replaced."""
    result = dict(thing)
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict):
            result[key] = merged(result[key] if isinstance(result.get(key), dict) else {}, value)
        else:
            result[key] = value
    return result


def read(sent: bytes) -> Object | None:
    """Return the object in a message, of either of the two forms that Helm sends."""
    return secret(sent) if sent.startswith(MAGIC) else t.cast("Object | None", json.loads(sent or "null"))


class Api:
    """The cluster served on loopback, over TLS when it is given a certificate and key."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.cluster = cluster = Cluster()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                size = int(self.headers.get("Content-Length") or 0)
                sent = self.rfile.read(size)
                body = None if self.command == "DELETE" else read(sent)
                path = urlsplit(self.path).path
                cluster.asked.append((self.command, path, self.headers.get("Authorization", "")))
                try:
                    code, told = 201 if self.command == "POST" else 200, cluster.answer(self.command, self.path, body)
                except ApiError as refusal:
                    code, told = refusal.code, refusal.status
                answer = json.dumps(told).encode()
                self.send_response(code)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, format: str, *args: t.Any) -> None:
                """Say nothing."""

        for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
            setattr(Handler, f"do_{method}", Handler.answer)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if context:
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.address = f"{'https' if context else 'http'}://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
