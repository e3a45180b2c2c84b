"""The variables with which Ansible gets into a node: what ssh makes of them, and what is refused."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import typing as t

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._errors import InputError
from ansible_collections.cloister.aws.plugins.plugin_utils import _way_in
from ansible_collections.cloister.aws.plugins.plugin_utils._way_in import (
    connection_variables,
    session_command,
    ssh_command,
)
from ansible_collections.cloister.aws.plugins.plugin_utils.session_manager.cli import parser

NODE, HYBRID = "i-0123456789abcdef0", "mi-0123456789abcdef0"


def variables(node: str = NODE, user: str = "ec2-user", **options: t.Any) -> dict[str, t.Any]:
    return connection_variables(node, "us-west-2", user, t.cast(t.Any, options))


def read(values: dict[str, t.Any]) -> dict[str, str]:
    """What ssh itself understands of the arguments, by its own account of them."""
    command = ssh_command(values, "-F", "none", "-G", *shlex.split(values["ansible_ssh_args"]))
    ran = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    return dict(line.partition(" ")[::2] for line in ran.stdout.splitlines())


def proxied(values: dict[str, t.Any]) -> list[str]:
    """The words of the client's command once ssh has put in what only ssh knows."""
    known = {"h": values["ansible_host"], "p": str(values["ansible_port"]), "r": values["ansible_user"], "%": "%"}
    return shlex.split(re.sub("%(.)", lambda token: known[token[1]], read(values)["proxycommand"]))


def test_ssh_goes_through_the_client_and_keeps_the_connection() -> None:
    understood = read(variables())
    assert understood["user"] == "ec2-user"
    assert understood["hostname"] == NODE
    assert understood["controlmaster"] == "auto"
    assert understood["controlpersist"] == "600"
    assert understood["stricthostkeychecking"] == "accept-new"
    assert understood["hostkeyalias"] == NODE
    assert understood["identitiesonly"] == "yes"
    assert variables()["ansible_pipelining"] is True


def test_the_client_is_told_what_only_ssh_knows() -> None:
    words = proxied(variables(user="ubuntu", port=2222))
    assert words[0] == sys.executable
    said = parser().parse_args(words[2:])
    assert (said.region, said.key, said.timeout, said.client) == ("us-west-2", "ec2_instance_connect", 30, "own")
    assert (said.target, said.user, said.port) == (NODE, "ubuntu", 2222)


def test_a_silent_node_is_given_up_by_ssh_ten_seconds_after_the_client_at_the_latest() -> None:
    for timeout in (5, 30, 60):
        understood = read(variables(timeout_seconds=timeout))
        interval, most = int(understood["serveraliveinterval"]), int(understood["serveralivecountmax"])
        assert interval < timeout
        assert interval * most <= timeout + 10
        assert variables(timeout_seconds=timeout)["ansible_ssh_timeout"] == timeout


def test_paths_with_blanks_and_percent_signs_are_what_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/tmp/a b%h")  # noqa: S108 - nothing is made there
    understood = read(variables())
    assert understood["userknownhostsfile"].replace("%%", "%") == "/tmp/a b%h/cloister/known_hosts"  # noqa: S108
    file = parser().parse_args(proxied(variables())[2:]).key_file
    assert file.startswith("/tmp/a b%h/cloister/keys/")  # noqa: S108


def test_all_nodes_of_a_process_share_its_key() -> None:
    one, other = (read(variables(node))["identityfile"] for node in (NODE, "i-0123456789abcdef1"))
    assert one == other
    assert one.endswith(_way_in._KEY_NAME)


def test_a_persons_own_keys_are_left_to_ssh() -> None:
    assert "IdentityFile" not in variables(key="agent")["ansible_ssh_common_args"]
    named = read(variables(key="agent", public_key="/home/jane/.ssh/id.pub"))
    assert (named["identityfile"], named["identitiesonly"]) == ("/home/jane/.ssh/id.pub", "yes")


def test_whose_credentials_are_meant_reaches_every_command() -> None:
    said = {"profile": "partner", "role_arn": "arn:aws-cn:iam::111122223333:role/x", "external_id": "a b"}
    values = variables(**said)
    for words in (proxied(values), session_command(values, "shell")):
        understood = parser().parse_args(words[2:])
        assert {name: getattr(understood, name) for name in said} == said


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"node": "i-0; reboot"}, "'i-0; reboot' is no instance id"),
        ({"user": "$(reboot)"}, "'$(reboot)' is no user"),
        ({"key": "password"}, "key is 'password'. Right would be one of: ec2_instance_connect, run_command, agent"),
        ({"client": "nc"}, "client is 'nc'. Right would be one of: own, official"),
        ({"node": HYBRID}, f"{HYBRID} is no EC2 instance"),
    ],
)
def test_what_cannot_be_is_refused(changes: dict[str, t.Any], says: str) -> None:
    with pytest.raises(InputError) as refused:
        variables(**changes)
    assert says in str(refused.value)


def test_a_hybrid_node_is_given_its_key_by_run_command() -> None:
    assert "--key run_command" in variables(HYBRID, key="run_command")["ansible_ssh_common_args"]
