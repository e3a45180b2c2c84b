"""Releases that Helm was killed over, and how each is freed."""

from __future__ import annotations

import json

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._helm import Pending, free, pending

FIRST = Pending("argocd", "argocd", 1, "pending-install")
LATER = Pending("argocd", "argocd", 4, "pending-upgrade")


def test_what_is_pending_is_read_from_every_namespace() -> None:
    asked: list[list[str]] = []

    def run(arguments: list[str]) -> tuple[int, str, str]:
        asked.append(arguments)
        said = [{**LATER._asdict(), "revision": "4", "chart": "argo-cd-9.4.17"}]
        return 0, json.dumps(said), ""

    assert pending(run) == [LATER]
    assert asked == [["list", "--all-namespaces", "--pending", "--output", "json"]]


def test_a_first_revision_goes_and_a_later_one_gives_way_to_the_one_before() -> None:
    assert FIRST.way_out[0] == "uninstall"
    assert LATER.way_out[0] == "rollback"


def test_who_cannot_free_it_says_what_helm_said() -> None:
    with pytest.raises(
        ValueError, match="pending-upgrade since a run was killed, and helm rollback fails: no revision"
    ):
        free(lambda _arguments: (1, "", "no revision\n"), LATER)
    with pytest.raises(ValueError, match="does not say what is pending: forbidden"):
        pending(lambda _arguments: (1, "", "forbidden\n"))
