# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How a cluster's Kubernetes API is reached from here, and whether it is."""

from __future__ import annotations

import socket
import typing as t
from dataclasses import dataclass
from urllib.parse import urlsplit

LOOPBACK = ("127.0.0.1", "localhost", "::1")
CONNECT_SECONDS = 5.0


@dataclass(frozen=True)
class Cluster:
    """A cluster as ``DescribeCluster`` tells of it."""

    name: str
    aws_region: str
    endpoint: str
    certificate_authority: str
    """PEM in base64, as a kubeconfig has it."""
    vpc_id: str


def cluster(raw: t.Mapping[str, t.Any], aws_region: str) -> Cluster:
    """Return what of a described cluster is needed here; one that is still made has no endpoint yet."""
    return Cluster(
        name=raw["name"],
        aws_region=aws_region,
        endpoint=raw.get("endpoint") or "",
        certificate_authority=raw.get("certificateAuthority", {}).get("data", ""),
        vpc_id=raw["resourcesVpcConfig"]["vpcId"],
    )


def kubeconfig(found: Cluster, server: str, token_command: t.Sequence[str]) -> dict[str, t.Any]:
    """Return a kubeconfig that asks ``token_command`` for a token whenever it needs one, so it holds no secret.

    With ``server``, the near end of a tunnel, the certificate is still that of the cluster's own name.
    https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins
    """
    command, *arguments = token_command
    host = urlsplit(found.endpoint).hostname or ""
    reached = {"server": server, "tls-server-name": host} if server else {"server": found.endpoint}
    asked = {
        "apiVersion": "client.authentication.k8s.io/v1beta1",
        "command": command,
        "args": [*arguments, "--cluster", found.name, "--region", found.aws_region],
        "interactiveMode": "Never",
    }
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {"name": found.name, "cluster": {**reached, "certificate-authority-data": found.certificate_authority}}
        ],
        "users": [{"name": found.name, "user": {"exec": asked}}],
        "contexts": [{"name": found.name, "context": {"cluster": found.name, "user": found.name}}],
        "current-context": found.name,
    }


def unreached(address: str) -> str:
    """Return why nothing answers at an https address, or nothing when something does."""
    parts = urlsplit(address)
    try:
        with socket.create_connection((parts.hostname or "", parts.port or 443), timeout=CONNECT_SECONDS):
            return ""
    except OSError as exc:
        return str(exc) or type(exc).__name__


def rehearsed(endpoint_url: str | None) -> bool:
    """Return whether AWS is one on this machine, whose clusters run no Kubernetes."""
    return urlsplit(endpoint_url or "").hostname in LOOPBACK


def how_to_reach(found: Cluster, why: str) -> str:
    """Return what to do when the API does not answer: it is private more often than not."""
    host = urlsplit(found.endpoint).hostname
    return (
        f"the Kubernetes API of {found.name}, {found.endpoint}, is not reached from here ({why}). A private one "
        "answers inside its network only: run this from there, or open a tunnel through the operator host, "
        f"aws ssm start-session --region {found.aws_region} --target OPERATOR_INSTANCE_ID "
        "--document-name AWS-StartPortForwardingSessionToRemoteHost "
        f"--parameters host={host},portNumber=443,localPortNumber=8443, and run again with "
        "-e eks_apps_server=https://localhost:8443"
    )
