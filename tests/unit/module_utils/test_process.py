"""What is told of processes: the living, the dead, and nothing that may be secret."""

from __future__ import annotations

import os
import subprocess
import sys
import time

from ansible_collections.cloister.aws.plugins.module_utils._process import born, command, lives

SLEEP = "import time; time.sleep(60)"


def test_a_process_lives_until_it_ends() -> None:
    with subprocess.Popen(["sleep", "60"]) as process:
        mark = born(process.pid)
        assert lives(process.pid, mark)
        process.kill()
    assert not lives(process.pid, mark)


def test_a_zombie_is_gone() -> None:
    process = subprocess.Popen(["true"])
    mark = born(process.pid)
    time.sleep(0.2)
    assert not lives(process.pid, mark)
    process.wait()


def test_a_process_id_that_was_given_out_again_is_another_process() -> None:
    assert lives(os.getpid(), born(os.getpid()))
    assert not lives(os.getpid(), "1")


def test_the_command_of_a_run_is_told_without_its_variables() -> None:
    arguments = ["ansible-playbook", "site.yml", "-i", "inventories/us", "--limit=dns", "-C", "-e", "password=hunter2"]
    more = ["--extra-vars", '{"key": "hunter2"}', "-vvv", "--vault-password-file", "/hunter2", "-ehunter2=1"]
    # A script argument stands where ansible-playbook would: python's own name comes first there too.
    with subprocess.Popen([sys.executable, "-c", SLEEP, *arguments, *more]) as process:
        time.sleep(0.2)
        told = command(process.pid)
        process.kill()
    assert told.endswith("site.yml -i inventories/us --limit dns --check")
    assert "hunter2" not in told


def test_the_command_of_a_process_that_is_gone_is_empty() -> None:
    process = subprocess.Popen(["true"])
    process.wait()
    assert command(process.pid) == ""
