# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The way into moto: straight to the response class, without a web framework, one call at a time."""

from __future__ import annotations

import functools
import io
import os
import re
import sys
import traceback
import typing as t

from lab.embedded_aws import instance_connect, invocations, role_sessions, truth
from lab.embedded_aws.accounts import Accounts
from lab.embedded_aws.backend_lock import BACKEND
from lab.embedded_aws.call import Call
from lab.embedded_aws.http_server import Answer, HttpRequest
from lab.embedded_aws.unknown import not_modelled

# Set before moto is imported: it reads some of these while importing.
SETTINGS = {
    "MOTO_IAM_LOAD_MANAGED_POLICIES": "true",
    "MOTO_DISABLE_GLOBAL_CORS": "true",
    "MOTO_ACM_VALIDATION_WAIT": "1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": "/dev/null",
    "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
}
# Services whose paths are not served by one response class, left to moto's own dispatcher.
INDIRECT = frozenset({"s3", "execute-api", "iotdata", "bedrock", "dynamodb", "sagemaker", "sdb"})


class MotoApp:
    """Answers calls from moto's backends, patched by lab.embedded_aws.truth."""

    def __init__(self, accounts: Accounts) -> None:
        self.accounts = accounts
        os.environ.update(SETTINGS)
        for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE", "MOTO_ACCOUNT_ID"):
            os.environ.pop(name, None)

    def answer(self, call: Call) -> Answer:
        """moto's answer, NotModelled where it has none or breaks down (the traceback goes to the log)."""
        account = self.accounts.of(call.access_key)
        try:
            forbidden = role_sessions.refuse(call, account, self.accounts.role_of(call.access_key))
            if forbidden is not None:
                return forbidden
            if call.name == "lambda:Invoke":
                return invocations.answer(call, account)
            if call.name == "ec2-instance-connect:SendSSHPublicKey":
                return instance_connect.answer(call, account)
            with BACKEND:
                if call.service == "s3":
                    truth.apply("s3")
                handler = _handler(call.service, call.region, call.request.path) if call.service else None
                if handler is None:
                    return self._through_dispatcher(call, account)
                return _run(handler, call.request, account)
        except NotImplementedError as missing:
            return not_modelled(call, str(missing) or "moto has no such action")
        except Exception as broken:  # noqa: BLE001 - whatever breaks in moto is told to the caller
            traceback.print_exc(file=sys.stderr)
            return not_modelled(call, f"moto broke down: {type(broken).__name__}: {broken}")

    def _through_dispatcher(self, call: Call, account: str) -> Answer:
        environ = _environ(call.request, account)
        caught: dict[str, t.Any] = {}

        def start(status: str, headers: list[tuple[str, str]], _: t.Any = None) -> t.Any:
            caught.update(status=int(status.split()[0]), headers=dict(headers))

        body = b"".join(_dispatcher()(environ, start))
        return Answer(caught["status"], caught["headers"], body)


# In the order in which a run asks for them; the name in an endpoint, and botocore's where it is another.
FIRST = (
    "ec2", "sts", "ssm", "iam", "route53", "logs", "ecr", "acm", "elasticloadbalancing:elbv2", "autoscaling", "ecs",
    "secretsmanager", "application-autoscaling", "rds", "eks",
)  # fmt: skip


def preload(services: t.Iterable[str] = FIRST) -> None:
    """Import what a rehearsal will need while its first steps run."""
    for service in services:
        endpoint, _, model = service.partition(":")
        with BACKEND:
            from moto.core.utils import get_service_model

            _handler(endpoint, "us-east-1", "/")
            get_service_model(model or endpoint)


@functools.cache
def _dispatcher() -> t.Any:
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

    truth.common()
    return DomainDispatcherApplication(create_backend_app)


def _handler(service: str, region: str, path: str) -> t.Any:
    for pattern, handler in _handlers(service, region):
        if pattern.match(path):
            return handler
    return None


@functools.cache
def _handlers(service: str, region: str) -> list[tuple[re.Pattern[str], t.Any]]:
    """(path pattern, handler) of the moto backend that serves `service`; empty for the indirect ones."""
    if service in INDIRECT:
        return []
    name = _backend_name(service, region)
    if name is None:
        return []
    import importlib

    from lab.embedded_aws.truth import late

    late.put_off()
    urls = importlib.import_module(f"moto.{name}.urls")
    truth.apply(name)
    return [(re.compile("^" + path.format("")), handler) for path, handler in urls.url_paths.items()]


def _backend_name(service: str, region: str) -> str | None:
    import moto.backend_index as index

    host = f"https://{service}.{region}.amazonaws.com"
    return next((backend for backend, pattern in index.backend_url_patterns if pattern.match(host)), None)


def _environ(request: HttpRequest, account: str) -> dict[str, t.Any]:
    environ: dict[str, t.Any] = {
        "REQUEST_METHOD": request.method, "SCRIPT_NAME": "", "PATH_INFO": _unquote(request.path),
        "QUERY_STRING": request.query, "RAW_URI": request.target, "REQUEST_URI": request.target,
        "SERVER_NAME": "127.0.0.1", "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_LENGTH": str(len(request.body)), "wsgi.input": io.BytesIO(request.body),
        "wsgi.url_scheme": "http", "wsgi.version": (1, 0), "wsgi.errors": sys.stderr,
        "wsgi.multithread": True, "wsgi.multiprocess": False, "wsgi.run_once": False,
    }  # fmt: skip
    for name, value in request.headers.items():
        key = name.upper().replace("-", "_")
        environ["CONTENT_TYPE" if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value
    environ["HTTP_X_MOTO_ACCOUNT_ID"] = account
    environ.pop("HTTP_TRANSFER_ENCODING", None)
    return environ


def _unquote(path: str) -> str:
    from urllib.parse import unquote_to_bytes

    return unquote_to_bytes(path).decode("latin-1")


@functools.cache
def _request_class() -> t.Any:
    from moto.core.request import Request

    return type("ServerRequest", (Request,), {"from_wsgi_server": True})


def _run(handler: t.Any, request: HttpRequest, account: str) -> Answer:
    from werkzeug.exceptions import HTTPException

    moto_request = _request_class()(_environ(request, account))
    try:
        result = handler(moto_request, moto_request.raw_url, dict(moto_request.headers))
    except HTTPException as refused:
        response = refused.get_response()
        return Answer(response.status_code, dict(response.headers), response.get_data())
    status, headers, content = result if len(result) == 3 else (200, {}, result)
    body = content.encode() if isinstance(content, str) else bytes(content or b"")
    kept = {str(key): str(value) for key, value in headers.items() if key.lower() not in ("status", "connection")}
    return Answer(int(status), kept, body)


def empty() -> None:
    """Forget everything the backends hold."""
    if "moto.core.base_backend" not in sys.modules:
        return
    with BACKEND:
        from moto.core.base_backend import BackendDict

        # Not BackendDict.reset(): it would make every backend anew before it drops it.
        for service in list(BackendDict._instances):
            service.clear()
            # S3 keeps the names of all accounts' buckets beside.
            getattr(service, "bucket_accounts", {}).clear()
        BackendDict._instances.clear()
