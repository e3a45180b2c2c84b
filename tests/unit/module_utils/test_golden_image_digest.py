# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import typing as t
from pathlib import Path

from ansible_collections.cloister.aws.plugins.module_utils._golden_images import digest


def test_what_an_image_is_made_from_counts_and_nothing_else(tmp_path: Path) -> None:
    role = tmp_path / "a" / "docker"
    (role / "tasks").mkdir(parents=True)
    (role / "tasks/main.yml").write_text("- name: Do")
    said: dict[str, t.Any] = {"vllm_port": 8002}
    first = digest("ami-1", [str(role)], said)
    (role / "README.md").write_text("words")
    moved = tmp_path / "b"
    (tmp_path / "a").rename(moved)
    assert digest("ami-1", [str(moved / "docker")], said) == first
    (moved / "docker/tasks/main.yml").write_text("- name: Do otherwise")
    changed = digest("ami-1", [str(moved / "docker")], said)
    assert len({first, changed, digest("ami-2", [], said), digest("ami-2", [], {})}) == 4
