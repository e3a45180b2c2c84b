# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which regions AWS has, as the installed botocore says, read without importing it."""

from __future__ import annotations

import json
import typing as t
from importlib.util import find_spec
from pathlib import Path


def regions_by_partition() -> t.Mapping[str, str]:
    """Return the partition of each AWS region: ``{"us-west-2": "aws", ...}``; empty where botocore is not installed."""
    spec = find_spec("botocore")
    for place in (spec.submodule_search_locations or ()) if spec else ():
        file = Path(place) / "data" / "partitions.json"
        if file.is_file():
            partitions = json.loads(file.read_text(encoding="utf-8"))["partitions"]
            return {
                name: partition["id"]
                for partition in partitions
                for name in partition["regions"]
                if not name.endswith("-global")
            }
    return {}
