# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Processes of this machine: whether one still lives, and what it was started as."""

from __future__ import annotations

import argparse
import os
import re

_PLAYBOOK = re.compile(r"\.ya?ml$|^\w+\.\w+\.\w+$")
_LONGEST = 300


def born(pid: int) -> str:
    """Return a mark of when ``pid`` started (Linux: clock ticks since boot), empty when it is gone or cannot be told.

    A process id is given out again; id and mark together are not. A zombie counts as gone. See proc_pid_stat(5).
    """
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            after_name = file.read().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if after_name[0] in ("Z", "X") else after_name[19]


def lives(pid: int, mark: str) -> bool:
    """Return whether the process with this id and this mark of `born` still runs."""
    if mark:
        return born(pid) == mark
    if os.path.isdir("/proc/self"):
        return bool(born(pid))
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def command(pid: int) -> str:
    """Return how an Ansible run was started, as far as others may read it: playbook, inventory, limit, tags, check.

    Extra variables and all other arguments stay out: they can hold secrets. Empty where there is no /proc.
    """
    words = _words(pid)
    name = next((os.path.basename(word) for word in words[:2] if os.path.basename(word).startswith("ansible")), "")
    parser = argparse.ArgumentParser(add_help=False, exit_on_error=False, allow_abbrev=False)
    for flags in (("-i", "--inventory"), ("-l", "--limit"), ("-t", "--tags"), ("-e", "--extra-vars")):
        parser.add_argument(*flags, action="append", default=[])
    parser.add_argument("-C", "--check", action="store_true")
    try:
        said, rest = parser.parse_known_args([word for word in words if word])
    except argparse.ArgumentError:
        return name
    shown = [name, *[word for word in rest if _PLAYBOOK.search(word) and not word.startswith("-")]]
    for flag, values in (("-i", said.inventory), ("--limit", said.limit), ("--tags", said.tags)):
        shown += [f"{flag} {value}" for value in values]
    return " ".join([*shown, *(["--check"] if said.check else [])])[:_LONGEST]


def _words(pid: int) -> list[str]:
    try:
        with open(f"/proc/{pid}/cmdline", encoding="utf-8", errors="replace") as file:
            return file.read().split("\0")
    except OSError:
        return []
