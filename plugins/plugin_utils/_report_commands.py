# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The commands with which people get into a region that stands, exact enough to be pasted.

https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-working-with-sessions-start.html
"""

from __future__ import annotations

import json
import typing as t
from urllib.parse import urlsplit

Member = t.Mapping[str, t.Any]

_TUNNEL = "AWS-StartPortForwardingSessionToRemoteHost"
# Where the tunnel to a cluster's API ends on the own machine.
API_PORT = 8443
# update-kubeconfig makes the cluster the current one, and names it by its ARN.
_CURRENT = "$(kubectl config view --minify -o 'jsonpath={.clusters[0].name}')"


def commands(members: t.Sequence[Member]) -> t.Iterator[str]:
    """Yield what is to be done and the command that does it, for each operator host; none where there is none."""
    standing = [member for member in members if member["action"] != "remove"]
    hosts = [member for member in standing if member["kind"] == "operator host"]
    if hosts:
        yield "  how to get in"
    for host in hosts:
        yield from _into(host)
        for database in (member for member in standing if member["kind"] == "DB instance"):
            if database["shows"].get("endpoint"):
                shows = database["shows"]
                yield f"  database {database['part']} on localhost:{shows['port']}"
                yield f"    {_tunnel(host, shows['endpoint'], shows['port'], shows['port'])}"
        yield from _to_cluster(host, standing)


def _into(host: Member) -> t.Iterator[str]:
    region = host["shows"]["aws_region"]
    yield f"  a shell on {host['part']}"
    if host["shows"]["mode"] == "bastion":
        yield f"    aws ec2-instance-connect ssh --region {region} --instance-id {host['id']} --connection-type direct"
    else:
        yield f"    aws ssm start-session --region {region} --target {host['id']}"


def _to_cluster(host: Member, standing: t.Sequence[Member]) -> t.Iterator[str]:
    """The cluster that the host works with: its kubeconfig, and its API through the host."""
    name, region = host["shows"].get("cluster"), host["shows"]["aws_region"]
    if not name:
        return
    yield f"  kubectl for {name}, on the host"
    yield f"    aws eks update-kubeconfig --region {region} --name {name}"
    clusters = [
        member for member in standing if member["kind"] == "EKS cluster" and name.endswith(f"-{member['part']}")
    ]
    for api in (urlsplit(str(member["shows"].get("endpoint", ""))).netloc for member in clusters):
        if api:
            yield f"  the API of {name} on localhost:{API_PORT}, and kubectl for it on this machine"
            yield f"    {_tunnel(host, api, 443, API_PORT)}"
            yield f"    aws eks update-kubeconfig --region {region} --name {name} --alias {name}"
            server = f"--server https://localhost:{API_PORT} --tls-server-name {api}"
            yield f"    kubectl config set-cluster {_CURRENT} {server}"


def _tunnel(host: Member, to: str, port: int, local: int) -> str:
    given = json.dumps({"host": [to], "portNumber": [str(port)], "localPortNumber": [str(local)]})
    where = f"--region {host['shows']['aws_region']} --target {host['id']}"
    return f"aws ssm start-session {where} --document-name {_TUNNEL} --parameters '{given}'"
