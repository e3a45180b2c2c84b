"""A connection to this machine that dies when a file says so: a node that is lost in the middle of a run."""

from __future__ import annotations

import os
import typing as t

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.connection.local import Connection as Local

DOCUMENTATION = """
name: mortal
short_description: Like local, and dies
description: Like local; every command is refused once the file mortal_file is there.
author: Cloister contributors (@cloister)
options:
  mortal_file:
    description: The file.
    type: path
    required: true
    vars: [{name: mortal_file}]
"""


class Connection(Local):
    """Works as `local` does until its file is there."""

    transport = "mortal"

    def exec_command(self, *args: t.Any, **kwargs: t.Any) -> t.Any:
        """Run a command, or be gone."""
        if os.path.exists(str(self.get_option("mortal_file"))):
            raise AnsibleConnectionFailure("the node does not answer")
        return super().exec_command(*args, **kwargs)
