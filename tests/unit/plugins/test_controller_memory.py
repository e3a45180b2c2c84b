"""What the controller loads, each of its workers holds."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_to_judge_an_inventory_takes_no_boto3() -> None:
    """It costs 0.15 s and 25 MiB, and the rules call nobody."""
    code = (
        "import sys\n"
        "import ansible_collections.cloister.aws.plugins.action.region_spec\n"
        "import ansible_collections.cloister.aws.plugins.callback.report\n"
        "print(sorted(name for name in sys.modules if name in ('boto3', 'botocore', 'urllib3')))"
    )
    environ = {**os.environ, "PYTHONPATH": str(ROOT / "collections")}
    done = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
