"""What the controller loads before its workers fork, they have not got to load."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

COLLECTIONS = Path(__file__).parents[3] / "collections"


def test_a_worker_finds_the_filters_and_tests_of_templates_loaded() -> None:
    code = """
import gc, sys
from ansible.plugins.loader import filter_loader, init_plugin_loader, test_loader
from ansible_collections.cloister.aws.plugins.plugin_utils import _ahead
init_plugin_loader([])
_ahead.load()
_ahead.settle()
before = set(sys.modules)
for loader, name in ((filter_loader, "ansible.builtin.to_json"), (test_loader, "ansible.builtin.match")):
    assert loader.get(name)
    assert loader.get(name.rpartition(".")[2])
print(sorted(set(sys.modules) - before), gc.get_freeze_count() > 10_000)
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(COLLECTIONS)},
        check=False,
    )
    assert (done.stdout, done.returncode) == ("[] True\n", 0), done.stderr
