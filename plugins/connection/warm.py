# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: warm
short_description: Run modules on the controller in forks of a warm process
description:
  - Does what the builtin C(local) connection does, with the same results, but runs Python modules in forks of
    a process that has imported boto3, botocore's service models and the module_utils already.
    A task that calls AWS then costs about 0.1 seconds instead of 0.7.
  - The warm process starts with the first use, serves this controller process and this user alone,
    and ends with the controller or when it is idle.
  - Whatever is not a plain pipelined Python module (C(raw), file transfers, C(become), C(async), modules in other
    languages, another interpreter) runs as with C(local).
  - When the warm process cannot be had, the module runs as with C(local), after a warning.
author: Cloister contributors (@cloister)
version_added: 0.1.0
options:
  enabled:
    description: Whether modules run warm. With V(false) everything runs as with C(local).
    type: bool
    default: true
    env:
      - name: CLOISTER_WARM_ENABLED
    ini:
      - section: cloister_warm
        key: enabled
    vars:
      - name: cloister_warm_enabled
  idle_seconds:
    description: The warm process ends when it was not used for this long. It counts for the process that is started.
    type: float
    default: 60
    env:
      - name: CLOISTER_WARM_IDLE_SECONDS
    ini:
      - section: cloister_warm
        key: idle_seconds
    vars:
      - name: cloister_warm_idle_seconds
  start_seconds:
    description: How long to wait for the warm process to take a module before it is run as with C(local).
    type: float
    default: 30
    env:
      - name: CLOISTER_WARM_START_SECONDS
    ini:
      - section: cloister_warm
        key: start_seconds
    vars:
      - name: cloister_warm_start_seconds
  pipelining:
    description:
      - Whether a module is handed over on standard input instead of through a file.
      - Only then it runs warm, so it is on, whatever the settings for other connections say.
    type: bool
    default: true
    vars:
      - name: cloister_warm_pipelining
  become_success_timeout:
    description: Seconds to wait for privilege escalation to succeed, as with C(local).
    type: int
    default: 10
    vars:
      - name: ansible_local_become_success_timeout
  become_strip_preamble:
    description: Strip what privilege escalation printed before the module, as with C(local).
    type: bool
    default: true
    vars:
      - name: ansible_local_become_strip_preamble
notes:
  - The interpreter must be the controller's own. Say so in the inventory
    (C(ansible_python_interpreter) as C({{ ansible_playbook_python }})), which also spares interpreter discovery.
  - Needs Linux.
"""

import os
import sys
from dataclasses import replace

from ansible import constants as C  # noqa: N812 - Ansible's own name for it
from ansible.plugins.connection.local import Connection as LocalConnection
from ansible.utils.display import Display
from ansible_collections.cloister.aws.plugins.plugin_utils._warm_client import Finished, run_module
from ansible_collections.cloister.aws.plugins.plugin_utils._warm_command import (
    ModuleCommand,
    parse_module_command,
    shell_environment,
    shell_verdict,
)
from ansible_collections.cloister.aws.plugins.plugin_utils._warm_protocol import (
    GoneError,
    RefusedError,
    Request,
    WarmError,
)
from ansible_collections.cloister.aws.plugins.plugin_utils._warm_start import connect

display = Display()


class Connection(LocalConnection):
    """The local connection, with warm modules.

    Its transport stays `local`: action plugins ask for that name to learn where a task runs.
    """

    def exec_command(self, cmd, in_data=None, sudoable=True):
        """Run a command on the controller: a pipelined Python module warm, anything else plainly."""
        finished = self._run_warm(cmd, in_data) if self.get_option("enabled") else None
        if finished is None:
            return super().exec_command(cmd, in_data=in_data, sudoable=sudoable)
        return finished.returncode, finished.stdout, finished.stderr

    def _run_warm(self, cmd, in_data) -> Finished | None:
        """Run a pipelined module of our interpreter; None when it must be, or had to be, left for a plain run."""
        plain = not in_data or self.become or sys.platform != "linux" or not C.DEFAULT_EXECUTABLE
        command = None if plain else parse_module_command(cmd)
        if command is None or command.interpreter != sys.executable:
            return None
        self._connect()
        try:
            try:
                return self._hand_over(command, in_data)
            except (GoneError, ConnectionError):
                # It ended just then, being idle; nothing has run yet.
                return self._hand_over(command, in_data)
        except RefusedError as error:
            display.vvv(f"RUNS AS WITH THE LOCAL CONNECTION: {error}", host=self._play_context.remote_addr)
        except (WarmError, OSError) as error:
            display.warning(f"Modules run as with the local connection, slower: {error}")
        return None

    def _hand_over(self, command: ModuleCommand, in_data: bytes) -> Finished:
        shell = C.DEFAULT_EXECUTABLE.split()[0]
        with connect(self.get_option("idle_seconds"), self.get_option("start_seconds")) as conn:
            # The server forks meanwhile.
            environ = shell_environment(command, shell, self.cwd)
            # Not the whole command, unlike the local connection: its assignments may hold credentials.
            display.vvv(f"EXEC WARM {command.interpreter}", host=self._play_context.remote_addr)
            finished = run_module(conn, Request(command.interpreter, _umask(), environ), self.cwd, in_data)
        if finished.returncode >= 0:
            return finished
        returncode, said = shell_verdict(command, shell, -finished.returncode)
        return replace(finished, returncode=returncode, stderr=finished.stderr + said)


def _umask() -> int:
    """This process's umask, which can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
