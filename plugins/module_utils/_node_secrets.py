# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Secrets that a node reads with its own role, so that they never pass the controller.

A node has neither boto3 nor the AWS command line everywhere, so this is Python 3.9's own library, with signature
version 4: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html, and the
instance's metadata:
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-metadata-security-credentials.html
"""

from __future__ import annotations

import base64
import datetime
import hashlib
import hmac
import http.client
import json
import typing as t
import urllib.error
import urllib.request

from ansible_collections.cloister.aws.plugins.module_utils._errors import ApiError, MissingError, RegionError

METADATA = "http://169.254.169.254"
TIMEOUT_SECONDS = 10
CALLS = {
    "secret": ("secretsmanager", "secretsmanager.GetSecretValue", "SecretId"),
    "parameter": ("ssm", "AmazonSSM.GetParameter", "Name"),
}
Reference = t.Mapping[str, t.Any]
# Keys would follow a redirect, and a proxy of the environment would see the metadata.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Keys(t.NamedTuple):
    """What calls are signed with; the token is empty for keys that never end."""

    access: str
    secret: str
    token: str = ""


class Node:
    """The machine this runs on, as AWS knows it."""

    def __init__(self, environment: t.Mapping[str, str], region: str = "", metadata: str = METADATA) -> None:
        """Take keys and the endpoint from the environment where it names them, else from the instance's metadata."""
        self._environment = environment
        self._metadata = metadata
        self._session = ""
        self.region = region or environment.get("AWS_REGION") or self._told("placement/region")
        self.keys = self._own_keys()

    def _own_keys(self) -> Keys:
        given = self._environment
        if given.get("AWS_ACCESS_KEY_ID"):
            secret = given.get("AWS_SECRET_ACCESS_KEY", "")
            return Keys(given["AWS_ACCESS_KEY_ID"], secret, given.get("AWS_SESSION_TOKEN", ""))
        role = self._told("iam/security-credentials/").strip()
        found = json.loads(self._told(f"iam/security-credentials/{role}"))
        return Keys(found["AccessKeyId"], found["SecretAccessKey"], found["Token"])

    def _told(self, path: str) -> str:
        try:
            if not self._session:
                headers = {"X-aws-ec2-metadata-token-ttl-seconds": "300"}
                self._session = _ask("PUT", f"{self._metadata}/latest/api/token", headers).decode()
            headers = {"X-aws-ec2-metadata-token": self._session}
            return _ask("GET", f"{self._metadata}/latest/meta-data/{path}", headers).decode()
        except (OSError, http.client.HTTPException) as silent:
            raise RegionError(
                f"the instance's metadata does not tell {path} ({silent}). A secret is read with the machine's own "
                "role: give its pool an instance profile, and a node outside of EC2 its secrets as values."
            ) from None

    def endpoint(self, service: str) -> str:
        """Return where a service answers."""
        tail = "amazonaws.com.cn" if self.region.startswith("cn-") else "amazonaws.com"
        return self._environment.get("AWS_ENDPOINT_URL") or f"https://{service}.{self.region}.{tail}"

    def read(self, reference: Reference) -> bytes:
        """Return what a secret or parameter holds, or the part of it that ``key`` names.

        Raise `ApiError` with AWS's reason when the role may not or there is none, `MissingError` when it has no such
        part.
        """
        kind = "secret" if reference.get("secret") else "parameter"
        service, target, name = CALLS[kind]
        asked: dict[str, t.Any] = {name: reference[kind]}
        answer = self._call(service, target, asked if kind == "secret" else {**asked, "WithDecryption": True})
        if kind == "secret" and "SecretString" not in answer:
            whole = base64.b64decode(answer["SecretBinary"])
        else:
            whole = str(answer["SecretString"] if kind == "secret" else answer["Parameter"]["Value"]).encode()
        return _part(whole, reference, f"{kind} {reference[kind]}") if reference.get("key") else whole

    def _call(self, service: str, target: str, asked: t.Mapping[str, t.Any]) -> t.Any:
        body, url = json.dumps(asked).encode(), self.endpoint(service) + "/"
        headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": target}
        now = datetime.datetime.now(datetime.timezone.utc)  # noqa: UP017 (3.11 and later have datetime.UTC)
        signed = signature(self.keys, self.region, service, url, headers, body, now)
        try:
            return json.loads(_ask("POST", url, signed, body))
        except urllib.error.HTTPError as refused:
            with refused:
                told = _reason(refused.read())
            action = target.rpartition(".")[2]
            raise ApiError(action, told[0], f"{action} of {next(iter(asked.values()))}: {told[0]}: {told[1]}") from None
        except (OSError, http.client.HTTPException) as silent:
            raise RegionError(f"{url} does not answer ({silent}); the node needs a way to {service}") from None


def _ask(method: str, url: str, headers: t.Mapping[str, str], body: bytes | None = None) -> bytes:
    # The addresses are AWS's own, or those of a rehearsal.
    request = urllib.request.Request(url, data=body, headers=dict(headers), method=method)  # noqa: S310
    with _OPENER.open(request, timeout=TIMEOUT_SECONDS) as answer:
        return t.cast("bytes", answer.read())


def _reason(body: bytes) -> tuple[str, str]:
    try:
        told = json.loads(body)
    except ValueError:
        return "NoReason", body[:200].decode(errors="replace")
    return str(told.get("__type", "")).rpartition("#")[2], str(told.get("message") or told.get("Message") or "")


def _part(whole: bytes, reference: Reference, what: str) -> bytes:
    try:
        parts = json.loads(whole)
        return str(parts[reference["key"]]).encode()
    except (ValueError, KeyError, TypeError):
        raise MissingError(f"{what} has no part {reference['key']}; it must be a JSON object that has it") from None


def signature(
    keys: Keys, region: str, service: str, url: str, headers: t.Mapping[str, str], body: bytes, now: datetime.datetime
) -> dict[str, str]:
    """Return the headers with those that sign a POST to ``/`` of ``url``."""
    moment = now.strftime("%Y%m%dT%H%M%SZ")
    signed = {**headers, "Host": url.split("/")[2], "X-Amz-Date": moment}
    signed.update({"X-Amz-Security-Token": keys.token} if keys.token else {})
    lower = {name.lower(): value for name, value in sorted(signed.items(), key=lambda item: item[0].lower())}
    names = ";".join(lower)
    lines = "".join(f"{name}:{value}\n" for name, value in lower.items())
    request = f"POST\n/\n\n{lines}\n{names}\n{hashlib.sha256(body).hexdigest()}"
    scope = f"{moment[:8]}/{region}/{service}/aws4_request"
    said = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    key = f"AWS4{keys.secret}".encode()
    for step in (*scope.split("/"), said):
        key = hmac.new(key, step.encode(), hashlib.sha256).digest()
    credential = f"Credential={keys.access}/{scope}, SignedHeaders={names}, Signature={key.hex()}"
    return {**signed, "Authorization": f"AWS4-HMAC-SHA256 {credential}"}
