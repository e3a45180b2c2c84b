# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""When nodes are looked for: at once, or when one of our playbooks comes to them."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from ansible import context
from ansible_collections.cloister.aws.plugins.plugin_utils.nodes import deferral

ROOT = Path(__file__).resolve().parents[4]
SOURCE = "inventories/us/nodes.ssm_nodes.yml"


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> t.Callable[..., None]:
    """Be ansible-playbook with these playbooks and this --limit; without a word of a playbook, another command."""
    monkeypatch.setattr(deferral, "_deferred", set())

    def run(*playbooks: str, limit: str | None = None) -> None:
        said = {"args": playbooks, "subset": limit, **({"start_at_task": None} if playbooks else {})}
        monkeypatch.setattr(context, "CLIARGS", said)

    return run


Run = t.Callable[..., None]


@pytest.mark.parametrize("playbook", ["site.yml", "playbooks/rehearse.yml", "cloister.aws.configure"])
def test_our_playbooks_get_nodes_when_they_ask_a_second_time(
    run: Run, playbook: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    run(playbook)
    assert deferral.defers(SOURCE, own_names=False)
    assert not deferral.defers(SOURCE, own_names=False)
    assert deferral.defers("inventories/kr/nodes.ssm_nodes.yml", own_names=False), "each source is one of its own"


@pytest.mark.parametrize("playbooks", [(), ("mine.yml",), ("site.yml", "mine.yml"), ("their.aws.configure",)])
def test_whoever_else_reads_the_inventory_gets_them_at_once(
    run: Run, playbooks: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    run(*playbooks)
    assert not deferral.defers(SOURCE, own_names=False)


def test_a_playbook_of_ours_is_known_through_the_link_too(run: Run) -> None:
    run(str(ROOT / "collections/ansible_collections/cloister/aws/playbooks/plan.yml"))
    assert deferral.defers(SOURCE, own_names=False)


LIMITS = ["i-0123456789abcdef0", "mi-*", "role_vllm", "pool_gpu", "nodes", "pool_gpu,role_*", "nodes:!role_app"]


@pytest.mark.parametrize("limit", LIMITS)
def test_a_limit_to_nothing_but_nodes_needs_them_at_once(run: Run, limit: str) -> None:
    run("cloister.aws.configure", limit=limit)
    assert not deferral.defers(SOURCE, own_names=False)


@pytest.mark.parametrize("limit", ["network", "ground:shared", "@retry", "stacks:role_vllm", "stacks:!role_app"])
def test_a_limit_that_stacks_are_in_does_not(run: Run, limit: str) -> None:
    run("cloister.aws.provision", limit=limit)
    assert deferral.defers(SOURCE, own_names=False)


def test_with_names_of_their_own_nodes_may_be_meant_by_any_limit(run: Run) -> None:
    run("cloister.aws.configure", limit="web-1")
    assert not deferral.defers(SOURCE, own_names=True)
    run("cloister.aws.configure")
    assert deferral.defers(SOURCE, own_names=True)


@pytest.mark.parametrize("playbook", ["playbooks/rehearse.yml", "cloister.aws.rehearse"])
def test_a_rehearsal_never_asks_the_account_of_the_shell(
    run: Run, playbook: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    run(playbook, limit="role_vllm")
    assert deferral.defers(SOURCE, own_names=True)
