"""Every broken inventory is refused by the command a person types, before AWS hears anything.

Each is a copy of a shipped inventory with one thing wrong, given to an ansible-playbook of its own; the endpoint that
AWS_ENDPOINT_URL names counts who knocks.
"""

from __future__ import annotations

import queue
import re
import shutil
import socket
import threading
import typing as t
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.integration.playbook import ROOT
from tests.integration.preloaded import Ended, Preloaded, clean
from tests.integration.refusals.broken import Broken
from tests.integration.refusals.table import BROKEN

MOST_CPU_SECONDS = 5.0
AT_ONCE = 2


class Door:
    """A port that counts connections and forbids whatever is asked, so that nobody asks twice."""

    def __init__(self) -> None:
        self.knocks = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._count, daemon=True).start()

    def _count(self) -> None:
        while True:
            try:
                connection, _address = self._socket.accept()
            except OSError:
                return
            self.knocks += 1
            with connection:
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    def close(self) -> None:
        self._socket.close()


@dataclass(frozen=True)
class Refusal:
    """How a run ended, and how often it knocked."""

    ended: Ended
    knocks: int

    @property
    def said(self) -> str:
        """What was printed, without the line breaks and indents of the YAML it is printed in."""
        return re.sub(r"\s+", " ", self.ended.output)


Run = t.Callable[..., Refusal]


@pytest.fixture(scope="module")
def run() -> t.Iterator[Run]:
    """Run the preflight on an inventory as a person would, with credentials and an endpoint that gives nothing away."""
    playbooks: queue.Queue[Preloaded] = queue.Queue()
    for _ in range(AT_ONCE):
        playbooks.put(Preloaded())

    def refused(inventory: Path, *arguments: str) -> Refusal:
        door, playbook = Door(), playbooks.get()
        aws = {**clean(), "AWS_ENDPOINT_URL": door.url, "AWS_ACCESS_KEY_ID": "AKIAREFUSALSTEST0000"}
        aws["AWS_SECRET_ACCESS_KEY"] = "0123456789" * 4
        ended = playbook.run(["playbooks/preflight.yml", "-i", str(inventory), *arguments], aws)
        playbooks.put(playbook)
        door.close()
        return Refusal(ended, door.knocks)

    yield refused
    for _ in range(AT_ONCE):
        playbooks.get_nowait().end()


def copy(target: Path, inventory: str = "us") -> Path:
    return Path(shutil.copytree(ROOT / "inventories" / inventory, target))


@pytest.fixture(scope="module")
def refusals(run: Run, tmp_path_factory: pytest.TempPathFactory) -> t.Mapping[str, Refusal]:
    """All broken inventories."""
    scratch = tmp_path_factory.mktemp("refusals")

    def refused(number: int) -> Refusal:
        inventory = copy(scratch / str(number), BROKEN[number].inventory)
        BROKEN[number].apply(inventory)
        return run(inventory)

    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        found = pool.map(refused, range(len(BROKEN)))
        return dict(zip((broken.id for broken in BROKEN), found, strict=True))


def test_there_are_enough_of_them_and_each_is_its_own() -> None:
    assert len({broken.id for broken in BROKEN}) == len(BROKEN) >= 60


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.id)
def test_a_broken_inventory_is_refused_before_any_call(broken: Broken, refusals: t.Mapping[str, Refusal]) -> None:
    refusal = refusals[broken.id]
    said = refusal.said
    assert refusal.ended.rc != 0
    assert refusal.knocks == 0
    assert refusal.ended.cpu_seconds < MOST_CPU_SECONDS
    assert "Nothing was asked of AWS" in said
    assert "Traceback" not in said
    assert broken.variable in said
    assert (broken.told_in or broken.file) in said
    assert broken.words.lower() in said.lower()


def test_the_unbroken_inventory_is_not_refused_and_then_asks_aws(run: Run, tmp_path: Path) -> None:
    """Else everything above would be refused for another reason, or the door would count nothing."""
    refusal = run(copy(tmp_path / "us"))
    assert "Nothing was asked of AWS" not in refusal.said
    assert refusal.knocks > 0
    assert refusal.ended.rc != 0


def test_a_limited_run_is_refused_for_what_lies_outside_the_limit(run: Run, tmp_path: Path) -> None:
    inventory = copy(tmp_path / "us")
    Broken("host_vars/network.yml", ("network_vpcs", "main", "cidr"), "10.0.0.0/8", "", "").apply(inventory)
    refusal = run(inventory, "--limit", "dns")
    assert refusal.ended.rc != 0
    assert refusal.knocks == 0
    assert "network_vpcs[0].cidr" in refusal.ended.output


def test_all_problems_are_told_at_once(run: Run, tmp_path: Path) -> None:
    inventory = copy(tmp_path / "us")
    for file, path, value in (
        ("host_vars/network.yml", ("network_vpcs", "main", "cidr"), "10.0.0.0/8"),
        ("host_vars/dns.yml", ("dns_zones", 1, "vpcs"), ["mian"]),
        ("group_vars/all/region.yml", ("region_name",), "US"),
    ):
        Broken(file, path, value, "", "").apply(inventory)
    said = run(inventory).said
    assert "3 things are wrong with this inventory" in said
    for place in ("network_vpcs[0].cidr", "dns_zones[1].vpcs[0]", "region_name"):
        assert place in said


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("stacks.yml", "stacks: [\n"),
        ("stacks.yml", "x: y\n"),
        ("stacks.yml", "all:\n  hosts:\n    somebody:\n"),
        ("host_vars/network.yml", "network_vpcs: [{name: main\n"),
    ],
)
def test_an_inventory_that_cannot_be_read_ends_badly(run: Run, tmp_path: Path, file: str, text: str) -> None:
    inventory = copy(tmp_path / "us")
    (inventory / file).write_text(text, encoding="utf-8")
    refusal = run(inventory)
    assert refusal.ended.rc != 0
    assert refusal.knocks == 0
