"""Every kind of thing that a region can own is one that a scan finds and a teardown takes down."""

from __future__ import annotations

import importlib
import inspect
from pathlib import Path

from ansible_collections.cloister.aws.plugins.module_utils import _kinds
from ansible_collections.cloister.aws.plugins.module_utils._kind import Kind

FOLDER = Path(inspect.getfile(_kinds)).parent / "kinds"
PACKAGE = "ansible_collections.cloister.aws.plugins.module_utils.kinds"


def written() -> set[type[Kind]]:
    """Every kind that the folder holds and that can stand for something."""
    found: set[type[Kind]] = set()
    for path in FOLDER.glob("*.py"):
        module = importlib.import_module(f"{PACKAGE}.{path.stem}")
        classes = [item for item in vars(module).values() if inspect.isclass(item) and issubclass(item, Kind)]
        found |= {item for item in classes if not inspect.isabstract(item) and item.__module__ == module.__name__}
    return found


def test_every_kind_is_known_to_scans_and_teardown() -> None:
    assert set(_kinds.KINDS) == written()


def test_a_noun_stands_for_one_kind() -> None:
    nouns = [kind.noun for kind in _kinds.KINDS]
    assert len(set(nouns)) == len(nouns)


def test_what_stands_on_something_goes_before_it() -> None:
    rank = {kind.noun: kind.rank for kind in _kinds.KINDS}
    for upper, lower in (
        ("NAT gateway", "Elastic IP"),
        ("NAT gateway", "subnet"),
        ("NAT gateway", "internet gateway"),
        ("VPC endpoint", "security group"),
        ("VPC endpoint", "subnet"),
        ("route table", "subnet"),
        ("VPC peering", "VPC"),
        ("records", "health check"),
        ("records", "hosted zone"),
        ("hosted zone", "VPC"),
        ("security group", "VPC"),
        ("internet gateway", "VPC"),
        ("subnet", "VPC"),
        ("DB instance", "DB subnet group"),
        ("DB instance", "DB parameter group"),
        ("DB subnet group", "subnet"),
    ):
        assert rank[upper] < rank[lower], f"{upper} before {lower}"
