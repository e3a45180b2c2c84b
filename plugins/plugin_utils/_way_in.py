# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How Ansible gets into a node: SSH through a Session Manager session, as variables of the host.

No port is open and no key lies on the node. SSH talks through ``session_manager proxy``, which starts the session and
puts a key on the node that works for a minute; ControlPersist keeps that one connection for the whole play.
"""

from __future__ import annotations

import os
import re
import secrets
import shlex
import sys
import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._errors import InputError
from ansible_collections.cloister.aws.plugins.plugin_utils.session_manager.choices import CLIENTS, KEYS

_PROGRAM = os.path.join(os.path.dirname(os.path.abspath(__file__)), "session_manager")
_INSTANCE = re.compile(r"m?i-[0-9a-f]{8,17}")
_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")
_USER = re.compile(r"[a-z_][a-z0-9_-]{0,31}")
# The key of this controller process. Its file is made by the first connection that needs it.
_KEY_NAME = secrets.token_hex(8)


class Options(t.TypedDict, total=False):
    """What may be said of the way in; all of it has a default.

    ``key``: one of `KEYS`. ``client``: one of `CLIENTS`; official is AWS's session-manager-plugin, under the AWS CLI.
    ``timeout_seconds``: how long a node may be silent. ``persist_seconds``: how long an unused connection is kept.
    ``port``: of sshd. ``profile``, ``role_arn``, ``external_id``: whose credentials, where not the environment's.
    ``public_key``: the file that ``key: agent`` signs with; the agent's keys are tried in turn without it.
    """

    key: str
    client: str
    timeout_seconds: int
    persist_seconds: int
    port: int
    profile: str | None
    role_arn: str | None
    external_id: str | None
    public_key: str | None


def connection_variables(instance_id: str, region: str, user: str, options: Options) -> dict[str, t.Any]:
    """Return the variables with which Ansible connects to a node as ``user``. Raise `InputError` for what cannot be.

    ``node_session`` is what the client's other commands are told, for a shell or a port of the same node.
    """
    _check(instance_id, region, user, options)
    timeout = int(options.get("timeout_seconds") or 30)
    return {
        "ansible_connection": "ansible.builtin.ssh",
        "ansible_host": instance_id,
        "ansible_port": int(options.get("port") or 22),
        "ansible_user": user,
        "ansible_pipelining": True,
        "ansible_ssh_args": f"-C -o ControlMaster=auto -o ControlPersist={int(options.get('persist_seconds') or 600)}s",
        "ansible_ssh_common_args": _ssh_arguments(instance_id, region, options, timeout),
        "ansible_ssh_host_key_checking": True,
        "ansible_ssh_timeout": timeout,
        "node_session": ["--target", instance_id, *_session(region, options, timeout)],
    }


def ssh_command(variables: t.Mapping[str, t.Any], *more: str) -> list[str]:
    """Return the command with which a person gets in the same way: ssh, its arguments, the node."""
    where = [f"-p{variables['ansible_port']}", f"{variables['ansible_user']}@{variables['ansible_host']}"]
    return ["ssh", *shlex.split(variables["ansible_ssh_common_args"]), *more, *where]


def session_command(variables: t.Mapping[str, t.Any], verb: str, *more: str) -> list[str]:
    """Return the command that opens a shell on a node, or leads a port to it."""
    return [*program(), verb, *variables["node_session"], *more]


def program() -> list[str]:
    """Return how the client is started: an interpreter that has its packages, and the program."""
    return [sys.executable, _PROGRAM]


def state_folder() -> str:
    """Return the folder of what is remembered of nodes: their host keys. The client makes it."""
    base = os.environ.get("XDG_STATE_HOME") or os.path.join(os.path.expanduser("~"), ".local", "state")
    return os.path.join(base, "cloister")


def _ssh_arguments(instance_id: str, region: str, options: Options, timeout: int) -> str:
    """Return ssh's arguments as one string, as a shell would write them.

    The first host key of an instance id is believed, since AWS led there, and each later one must be the same:
    https://man.openbsd.org/ssh_config#StrictHostKeyChecking
    A node that is silent is given up by the client after ``timeout`` seconds, by ssh itself 10 s later at the latest.
    """
    known_hosts = os.path.join(state_folder(), "known_hosts")
    settings = {
        "ProxyCommand": _proxy_command(region, options, timeout),
        "HostKeyAlias": instance_id,
        "UserKnownHostsFile": _token_free(f'"{known_hosts}"'),
        "StrictHostKeyChecking": "accept-new",
        "HashKnownHosts": "no",
        "ServerAliveInterval": str(max(timeout // 3, 1)),
        "ServerAliveCountMax": "3",
        **_identity(options),
    }
    return " ".join(f"-o {shlex.quote(f'{name}={value}')}" for name, value in settings.items())


def _proxy_command(region: str, options: Options, timeout: int) -> str:
    """Return the command that ssh runs as its transport; a shell reads it, after ssh has put in what only ssh knows."""
    key = options.get("key") or KEYS[0]
    said = [*program(), "proxy", *_session(region, options, timeout), "--key", key]
    if key != "agent":
        said += ["--key-file", _key_file()]
    return f"{_token_free(shlex.join(said))} --target %h --port %p --user %r"


def _session(region: str, options: Options, timeout: int) -> list[str]:
    """Return what every command of the client is told."""
    said = ["--region", region, "--timeout", str(timeout)]
    for name in ("client", "profile", "role_arn", "external_id"):
        value = options.get(name)
        if value:
            said += [f"--{name.replace('_', '-')}", str(value)]
    return said


def _identity(options: Options) -> dict[str, str]:
    """Return what ssh signs with: the key that the client makes, or the keys of the person's own agent."""
    if options.get("key") != "agent":
        return {"IdentityFile": _token_free(f'"{_key_file()}"'), "IdentitiesOnly": "yes", "IdentityAgent": "none"}
    if options.get("public_key"):
        return {"IdentityFile": _token_free(f'"{options["public_key"]}"'), "IdentitiesOnly": "yes"}
    return {}


def _key_file() -> str:
    return os.path.join(state_folder(), "keys", _KEY_NAME)


def _token_free(text: str) -> str:
    return text.replace("%", "%%")


def _check(instance_id: str, region: str, user: str, options: Options) -> None:
    """Refuse what is no id, region or user: the values come from outside, and a shell reads them."""
    wanted = (
        ("instance id", instance_id, _INSTANCE, "i-0123456789abcdef0 or mi-0123456789abcdef0"),
        ("AWS region", region, _REGION, "us-west-2"),
        ("user", user, _USER, "ec2-user"),
    )
    for noun, value, pattern, right in wanted:
        if not pattern.fullmatch(value):
            raise InputError(f"{value!r} is no {noun}. Right would be: {right}")
    for name, choices in (("key", KEYS), ("client", CLIENTS)):
        value = str(options.get(name) or choices[0])
        if value not in choices:
            raise InputError(f"{name} is {value!r}. Right would be one of: {', '.join(choices)}")
    if options.get("key", KEYS[0]) == KEYS[0] and instance_id.startswith("mi-"):
        raise InputError(
            f"{instance_id} is no EC2 instance, and EC2 Instance Connect puts keys on those alone. "
            "Right would be: key: run_command, or key: agent with a key of your own on the node"
        )
