"""Credentials of another account: every verb ends after one read, before the first write."""

from __future__ import annotations

import pytest

from tests.integration.playbook import ROOT, Region

VERBS = {
    "site.yml": (),
    "playbooks/plan.yml": (),
    "playbooks/teardown.yml": ("-e", "teardown_confirm=us"),
    "playbooks/unlock.yml": ("-e", "unlock_run_id=0123abcd"),
    "playbooks/diagnose.yml": (),
}


@pytest.mark.parametrize("verb", VERBS)
def test_it_is_refused_after_one_read(verb: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    region = Region.raised(ROOT / "inventories/us", tmp_path_factory.mktemp("strangers"))
    run = region.play(verb, *VERBS[verb], **region.lab.account_keys("999988887777"))
    reads = region.lab.reads()["actions"]
    region.lab.stop()
    assert run.rc != 0
    assert reads == {"sts:GetCallerIdentity": 1}
    assert run.writes == []
    assert "999988887777" in run.output
