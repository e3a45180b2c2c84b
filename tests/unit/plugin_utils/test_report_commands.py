# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The commands that lead into a region, exact enough to be pasted."""

from __future__ import annotations

import json
import shlex
import typing as t

from ansible_collections.cloister.aws.plugins.plugin_utils._report_commands import commands

Member = dict[str, t.Any]
API = "0123456789ABCDEF.gr7.ap-northeast-2.eks.amazonaws.com"


def member(kind: str, part: str, identifier: str, action: str = "keep", **shows: t.Any) -> Member:
    return {
        "kind": kind,
        "part": part,
        "id": identifier,
        "action": action,
        "stack": part,
        "shows": shows,
        "changes": [],
    }


def host(mode: str = "ssm", cluster: str = "kr-main") -> Member:
    shows = {"mode": mode, "aws_region": "ap-northeast-2", "cluster": cluster}
    return member("operator host", "operator", "i-0123456789abcdef0", **shows)


DATABASE = member("DB instance", "main", "arn", endpoint="kr-main.abc.rds.amazonaws.com", port=3306)
CLUSTER = member("EKS cluster", "main", "arn", endpoint=f"https://{API}")


def typed(*members: Member) -> list[list[str]]:
    """The commands as a shell splits them."""
    lines = [line.strip() for line in commands(members)]
    return [shlex.split(line) for line in lines if line.startswith(("aws ", "kubectl config"))]


def test_4_04_a_run_ends_with_the_command_that_opens_a_shell() -> None:
    (shell,) = typed(host(cluster=""))
    assert shell == ["aws", "ssm", "start-session", "--region", "ap-northeast-2", "--target", "i-0123456789abcdef0"]


def test_a_bastion_is_reached_by_a_key_that_lasts_a_minute() -> None:
    (shell,) = typed(host("bastion", ""))
    assert shell[:3] == ["aws", "ec2-instance-connect", "ssh"]
    assert shell[-2:] == ["--connection-type", "direct"]


def test_a_database_comes_to_localhost_through_the_host() -> None:
    _shell, tunnel = typed(host(cluster=""), DATABASE)
    assert "AWS-StartPortForwardingSessionToRemoteHost" in tunnel
    assert json.loads(tunnel[-1]) == {
        "host": ["kr-main.abc.rds.amazonaws.com"],
        "portNumber": ["3306"],
        "localPortNumber": ["3306"],
    }


def test_a_cluster_is_worked_with_on_the_host_and_through_it() -> None:
    _shell, on_the_host, tunnel, here, kubectl = typed(host(), CLUSTER)
    assert on_the_host == ["aws", "eks", "update-kubeconfig", "--region", "ap-northeast-2", "--name", "kr-main"]
    assert json.loads(tunnel[-1])["host"] == [API]
    assert here[-2:] == ["--alias", "kr-main"]
    assert kubectl[-4:] == ["--server", "https://localhost:8443", "--tls-server-name", API]


def test_a_cluster_of_no_run_is_named_without_its_address() -> None:
    assert len(typed(host())) == 2


def test_without_a_host_there_is_no_way_in() -> None:
    assert list(commands([DATABASE, CLUSTER])) == []
    assert list(commands([{**host(), "action": "remove"}, DATABASE])) == []
