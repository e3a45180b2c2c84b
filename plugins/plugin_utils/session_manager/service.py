# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a session needs of AWS: to be started, taken up again and ended; a key put on a node; a key to encrypt with.

https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_StartSession.html
"""

from __future__ import annotations

import contextlib
import threading
import typing as t
import urllib.parse

from .encryption import KEY_BYTES, KmsCipher
from .errors import ServiceError

with contextlib.suppress(ImportError):  # requirements.txt has it, and Ansible alone has not
    import botocore.session
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.config import Config
    from botocore.credentials import RefreshableCredentials
    from botocore.exceptions import BotoCoreError, ClientError

ATTEMPTS = 8
# What people can do about the refusals that they meet.
_ADVICE = {
    "TargetNotConnected": "It runs no agent that Systems Manager hears of: "
    "look whether it is running, at its role (AmazonSSMManagedInstanceCore) and its way to ssmmessages",
    "AccessDeniedException": "The credentials need ssm:StartSession on the node and on the document",
    "InvalidInstanceId": "The node is not managed by Systems Manager in this AWS region",
    "EC2InstanceNotFoundException": "It is not in this AWS region and account",
    "EC2InstanceStateInvalidException": "It is not running",
}


class Started(t.NamedTuple):
    """A session that AWS has started or taken up: where its websocket is, and the token to show there."""

    session: str
    url: str
    token: str


class Role(t.NamedTuple):
    """A role to take on, and what its trust wants to hear."""

    arn: str
    external_id: str | None = None


class Service:
    """AWS in one region, with the environment's credentials, a profile's or a role's."""

    def __init__(self, region: str, profile: str | None, role: Role | None, timeout: float) -> None:
        self.region = region
        self._role = role
        self._timeout = timeout
        self._session = botocore.session.Session(profile=profile)
        self._clients: dict[str, t.Any] = {}
        self._found: list[t.Any] = []
        # botocore makes clients one at a time; the key is put on the node beside the session's start.
        self._lock = threading.RLock()

    @property
    def endpoint(self) -> str:
        """Where Systems Manager is asked."""
        return str(self._client("ssm").meta.endpoint_url)

    def start(self, target: str, document: str | None, parameters: t.Mapping[str, str]) -> Started:
        """Start a session; ``document`` None is the account's shell. Raise `ServiceError`."""
        asked: dict[str, t.Any] = {"Target": target}
        if document:
            asked["DocumentName"] = document
        if parameters:
            asked["Parameters"] = {name: [value] for name, value in parameters.items()}
        return self._started(self.call("ssm", "start_session", **asked))

    def resume(self, session: str) -> Started | None:
        """Take a session up whose websocket broke; None when it has ended meanwhile."""
        answer = self.call("ssm", "resume_session", SessionId=session)
        return self._started(answer) if answer.get("TokenValue") else None

    def terminate(self, session: str) -> None:
        """End a session."""
        self.call("ssm", "terminate_session", SessionId=session)

    def cipher(self, key_id: str, session: str, target: str) -> KmsCipher:
        """Return what encrypts a session with a KMS key; the agent asks KMS for the same, by the same context."""
        context = {"aws:ssm:SessionId": session, "aws:ssm:TargetId": target}
        made = self.call("kms", "generate_data_key", KeyId=key_id, NumberOfBytes=KEY_BYTES, EncryptionContext=context)
        return KmsCipher(made["Plaintext"], made["CiphertextBlob"])

    def signature(self, url: str) -> dict[str, str]:
        """Return the headers that sign the opening of a websocket, none where its address is signed already.

        A plus in a query is signed as the space that it stands for, as AWS's own client signs it.
        """
        parts = urllib.parse.urlsplit(url)
        query = urllib.parse.parse_qsl(parts.query, keep_blank_values=True)
        if "X-Amz-Signature" in dict(query):
            return {}
        said = urllib.parse.urlencode(query, quote_via=urllib.parse.quote, safe="")
        request = AWSRequest("GET", parts._replace(scheme=parts.scheme.replace("ws", "http"), query=said).geturl())
        try:
            credentials = self._credentials()
            if credentials is not None:
                SigV4Auth(credentials.get_frozen_credentials(), "ssmmessages", self.region).add_auth(request)
        except BotoCoreError as exc:
            raise ServiceError(type(exc).__name__, f"the websocket could not be signed: {exc}") from exc
        return dict(request.headers.items())

    def call(self, service: str, action: str, **asked: t.Any) -> dict[str, t.Any]:
        """Make one call. Raise `ServiceError` that says what was asked of what."""
        try:
            answer: dict[str, t.Any] = getattr(self._client(service), action)(**asked)
        except ClientError as exc:
            error = exc.response.get("Error", {})
            code, said = str(error.get("Code", "")), str(error.get("Message", "")) or "it gave no reason"
            what = exc.operation_name
            advice = f". {_ADVICE[code]}" if code in _ADVICE else ""
            raise ServiceError(code, f"AWS refused {what} ({code}): {said.rstrip('.')}{advice}") from exc
        except BotoCoreError as exc:
            raise ServiceError(type(exc).__name__, f"AWS could not be asked ({action}, {self.region}): {exc}") from exc
        return answer

    def _client(self, service: str) -> t.Any:
        with self._lock:
            if service not in self._clients:
                self._clients[service] = self._made(service)
            return self._clients[service]

    def _made(self, service: str) -> t.Any:
        config = Config(
            retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
            connect_timeout=min(self._timeout, 10),
            read_timeout=min(self._timeout, 30),
            user_agent_extra="cloister",
        )
        keys: dict[str, t.Any] = {}
        credentials = self._credentials()
        if self._role and credentials is not None:
            frozen = credentials.get_frozen_credentials()
            keys = {
                "aws_access_key_id": frozen.access_key,
                "aws_secret_access_key": frozen.secret_key,
                "aws_session_token": frozen.token,
            }
        return self._session.create_client(service, region_name=self.region, config=config, **keys)

    def _credentials(self) -> t.Any:
        """Return whose keys these are, the role's where one is to be taken on; None where there are none."""
        with self._lock:
            if not self._found:
                self._found.append(self._looked_up())
            return self._found[0]

    def _looked_up(self) -> t.Any:
        role = self._role
        if role is None:
            return self._session.get_credentials()
        return RefreshableCredentials.create_from_metadata(
            self._assumed(role), refresh_using=lambda: self._assumed(role), method="sts-assume-role"
        )

    def _assumed(self, role: Role) -> dict[str, str]:
        sts: t.Any = self._session.create_client("sts", region_name=self.region)
        try:
            asked = {"ExternalId": role.external_id} if role.external_id else {}
            keys = sts.assume_role(RoleArn=role.arn, RoleSessionName="cloister", **asked)["Credentials"]
        except (ClientError, BotoCoreError) as exc:
            raise ServiceError("AssumeRole", f"cannot take on the role {role.arn}: {exc}") from exc
        return {
            "access_key": keys["AccessKeyId"],
            "secret_key": keys["SecretAccessKey"],
            "token": keys["SessionToken"],
            "expiry_time": keys["Expiration"].isoformat(),
        }

    @staticmethod
    def _started(answer: t.Mapping[str, t.Any]) -> Started:
        return Started(str(answer["SessionId"]), str(answer["StreamUrl"]), str(answer["TokenValue"]))
