# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The playbooks of day 2, against nodes whose commands really run."""

from __future__ import annotations

import typing as t
from pathlib import Path

World = t.Any

# A service that has to be started anew, and says how often it was.
SYSTEMCTL = """#!/bin/sh
case "$*" in
  *bad*) echo "no such service" >&2; exit 5 ;;
  restart*) echo restarted >> "$CONTAINER/services"; echo + >> "$LOG"; sleep 0.2; echo - >> "$LOG" ;;
  --failed*) echo "0 loaded units listed." ;;
esac
"""
APT = """#!/bin/sh
case "$*" in
  *-s*) [ -e "$CONTAINER/patched" ] || echo "Inst one" ;;
  *upgrade*) touch "$CONTAINER/patched" ;;
esac
"""


def test_a_command_runs_where_it_was_meant_and_nowhere_else(world: World) -> None:
    vllm, proxy = world.nodes.node(role="vllm"), world.nodes.node(role="proxy")
    stranger = world.nodes.node(role="vllm", **{"cloister:region": "kr"})
    ran = world.region.play(
        "playbooks/run_command.yml", "-e", "command='echo hello from $PPID'", "-e", "nodes_role=vllm"
    )
    assert ran.rc == 0, ran.output
    assert f"{vllm}: Success, exit status 0" in ran.output
    assert "    hello from " in ran.output
    assert proxy not in ran.output
    assert stranger not in ran.output


def test_a_plan_says_who_would_be_asked_and_sends_nothing(world: World) -> None:
    node = world.nodes.node()
    ran = world.region.play("playbooks/run_command.yml", "-e", "command=true", "--check")
    assert ran.rc == 0, ran.output
    assert f"{node}: would be asked" in ran.output
    assert ran.writes == []


def test_one_that_fails_stops_it_and_its_last_words_are_told(world: World) -> None:
    nodes = [world.nodes.node() for _ in range(3)]
    command = "command='echo all is lost >&2; exit 9'"
    ran = world.region.play("playbooks/run_command.yml", "-e", command, "-e", "nodes_at_once=1")
    assert ran.rc != 0
    assert "AWS-RunShellScript did not succeed on 3 of 3 nodes" in ran.output
    assert "Failed, exit status 9" in ran.output
    assert "all is lost" in ran.output
    assert "Terminated, it was not asked, as too many others had failed before" in ran.output
    assert all(node in ran.output for node in nodes)


def test_a_node_that_is_away_stops_it_before_anything_unless_it_may_be_left_out(world: World) -> None:
    there, away = world.nodes.node(), world.nodes.node()
    world.region.lab.ping(away, "ConnectionLost")
    ran = world.region.play("playbooks/run_command.yml", "-e", "command=true")
    assert ran.rc != 0
    assert "Nothing was sent" in ran.output
    assert ran.writes == []
    ran = world.region.play("playbooks/run_command.yml", "-e", "command=true", "-e", "nodes_offline=skip")
    assert ran.rc == 0, ran.output
    assert f"{there}: Success" in ran.output
    assert f"{away}: left out, it does not answer" in ran.output, ran.output


def test_without_a_command_or_nodes_nothing_is_asked(world: World) -> None:
    for playbook, said in (("run_command", "Say what is to be run"), ("restart", "Say which nodes")):
        ran = world.region.play(f"playbooks/{playbook}.yml")
        assert ran.rc != 0
        assert said in ran.output
        assert ran.writes == []


def test_another_account_is_left_alone(world: World) -> None:
    world.nodes.node()
    keys = world.region.lab.account_keys("999988887777")
    ran = world.region.play("playbooks/run_command.yml", "-e", "command=true", **keys)
    assert ran.rc != 0
    assert "999988887777" in ran.output
    assert ran.writes == []


def test_a_service_is_restarted_on_one_node_after_the_other(world: World) -> None:
    nodes = [world.nodes.node() for _ in range(3)]
    log = world.nodes.docker / "restarts"
    log.unlink(missing_ok=True)
    world.nodes.put("systemctl", SYSTEMCTL.replace("$LOG", str(log)))
    ran = world.region.play("playbooks/restart.yml", "-e", "nodes_role=vllm", "-e", "restart_service=vllm")
    assert ran.rc == 0, ran.output
    assert ran.output.count("restarted, and well") == 3
    assert log.read_text().split() == ["+", "-"] * 3
    assert all((world.nodes.folder(node) / "services").exists() for node in nodes)


def test_the_first_that_does_not_come_back_stops_the_restart(world: World) -> None:
    nodes = [world.nodes.node() for _ in range(3)]
    more = ("-e", "restart_check='test -e $CONTAINER/well'", "-e", "restart_wait_seconds=1")
    ran = world.region.play("playbooks/restart.yml", "-e", "nodes_role=vllm", *more)
    assert ran.rc != 0
    assert "after 1 s this still fails: test -e" in ran.output
    restarted = [node for node in nodes if (world.nodes.folder(node) / "restarts").exists()]
    assert len(restarted) == 1


def test_machines_are_restarted_once_each(world: World) -> None:
    nodes = [world.nodes.node() for _ in range(2)]
    ran = world.region.play("playbooks/restart.yml", "-e", "nodes_role=vllm")
    assert ran.rc == 0, ran.output
    for node in nodes:
        assert (world.nodes.folder(node) / "restarts").read_text() == "restarted\n"


def test_patches_are_installed_and_what_is_missing_is_told(world: World) -> None:
    node = world.nodes.node()
    world.nodes.put("apt-get", APT)
    ran = world.region.play("playbooks/patch.yml", "-e", "patch_operation=Scan")
    assert ran.rc == 0, ran.output
    assert f"{node}: 1 missing, 0 failed, 0 wait for a restart (Scan)" in ran.output
    ran = world.region.play("playbooks/patch.yml")
    assert ran.rc == 0, ran.output
    assert f"{node}: 0 missing, 0 failed, 0 wait for a restart (Install)" in ran.output
    assert (world.nodes.folder(node) / "patched").exists()


def test_what_nodes_say_of_themselves_comes_home_whole(world: World, tmp_path: Path) -> None:
    nodes = [world.nodes.node() for _ in range(2)]
    # More than fits: fewer lines are asked for until it does.
    world.nodes.put("journalctl", JOURNAL)
    ran = world.region.play(
        "playbooks/collect.yml", "-e", f"collect_into={tmp_path}/bundle", "-e", "collect_lines=4000"
    )
    assert ran.rc == 0, ran.output
    for node in nodes:
        said = (tmp_path / "bundle" / f"{node}.txt").read_text()
        assert "===== uname -a" in said
        assert "a line of the journal" in said
        assert 10 < said.count("a line of the journal") < 8000
    assert (tmp_path / "bundle").stat().st_mode & 0o077 == 0


# Random words do not compress, so many of them do not fit.
JOURNAL = """#!/bin/sh
for last; do :; done
exec python3 -c 'import base64, os, sys
for _ in range(int(sys.argv[1])):
    print("a line of the journal", base64.b64encode(os.urandom(30)).decode())' "${last#--lines=}"
"""
