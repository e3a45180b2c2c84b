# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the controller does once, so that none of its workers, a fork for each task, has to do it again."""

from __future__ import annotations

import contextlib
import gc

from ansible.plugins.loader import filter_loader, test_loader

# How many more objects than before have the collector look; 2000 is Python's own, and a task makes many times that.
_THRESHOLD = 20_000


def load() -> None:
    """Load the filters and tests of templates; a worker that finds none loads all of Ansible's own. Never raises."""
    with contextlib.suppress(Exception):
        filter_loader.get("ansible.builtin.combine")
        test_loader.get("ansible.builtin.defined")


def settle() -> None:
    """Have the garbage collector leave alone what there is, so that workers go on sharing its memory."""
    gc.set_threshold(_THRESHOLD)
    gc.freeze()
