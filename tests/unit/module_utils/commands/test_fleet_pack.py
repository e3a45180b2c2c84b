# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A pack holds what nodes need to configure themselves, and nothing that only the controller could read."""

from __future__ import annotations

import io
import typing as t
import zipfile
from pathlib import Path

import pytest
import yaml
from ansible_collections.cloister.aws.plugins.module_utils._errors import InputError
from ansible_collections.cloister.aws.plugins.module_utils._fleet_pack import HOME, Pack, pack

FILES = {
    "roles/region/defaults/main.yml": "region_tags: {}\n",
    "roles/base/tasks/main.yml": "- cloister.aws.waits: {seconds: 1}\n",
    "roles/base/README.md": "no\n",
    "roles/web/tasks/main.yml": "- import_role: name=cloister.aws.base\n- debug: {msg: '{{ 1|cloister.aws.plus }}'}\n",
    "roles/web/files/logo.bin": "\xff\xfe",
    "roles/other/tasks/main.yml": "[]\n",
    "plugins/modules/waits.py": "from ansible_collections.cloister.aws.plugins.module_utils._waiting import wait\n",
    "plugins/modules/unused.py": "\n",
    "plugins/module_utils/_waiting.py": "from ansible_collections.cloister.aws.plugins.module_utils.deep import x\n",
    "plugins/module_utils/deep/__init__.py": "x = 1\n",
    "plugins/filter/numbers.py": 'FILTERS = {"plus": None}\n',
}
SAID = {
    "group_vars/all/region.yml": "region_name: us\n",
    "group_vars/nodes.yml": "node_base_users: []\n",
    "group_vars/role_web.yml": "web_port: 80\n",
    "group_vars/role_db.yml": "db_port: 3306\n",
}


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(text.encode("latin-1"))
    return folder


@pytest.fixture
def collection(tmp_path: Path) -> Path:
    return write(tmp_path / "collection", FILES)


@pytest.fixture
def inventory(tmp_path: Path) -> Path:
    return write(tmp_path / "inventory", SAID)


def read(packed: Pack, name: str) -> t.Any:
    with zipfile.ZipFile(io.BytesIO(packed.data)) as file:
        return yaml.safe_load(file.read(name))


def test_roles_come_with_what_they_name_and_nothing_else(collection: Path, inventory: Path) -> None:
    packed = pack(collection, inventory, {"web": ["web"]})
    code = [name.removeprefix(f"{HOME}/") for name in packed.names if name.startswith(HOME)]
    assert code == [
        "meta/runtime.yml",
        "plugins/filter/numbers.py",
        "plugins/module_utils/_waiting.py",
        "plugins/module_utils/deep/__init__.py",
        "plugins/modules/waits.py",
        "roles/base/tasks/main.yml",
        "roles/web/files/logo.bin",
        "roles/web/tasks/main.yml",
    ]


def test_a_play_reads_the_general_before_the_special(collection: Path, inventory: Path) -> None:
    packed = pack(collection, inventory, {"web": ["cloister.aws.base", "web"], "db": ["base"]})
    (play,) = read(packed, "role_web.yml")
    assert play["hosts"] == "localhost"
    assert play["vars_files"] == ["vars/region.yml", "vars/all/region.yml", "vars/nodes.yml", "vars/role_web.yml"]
    assert play["roles"] == ["cloister.aws.base", "cloister.aws.web"]
    assert read(packed, "vars/role_web.yml") == {"web_port": 80}
    assert read(packed, "role_db.yml")[0]["vars_files"][-1] == "vars/role_db.yml"


def test_equal_contents_are_equal_bytes_and_others_are_not(collection: Path, inventory: Path) -> None:
    first = pack(collection, inventory, {"web": ["web"]})
    (collection / "roles/other/tasks/main.yml").write_text("- debug:\n")
    assert pack(collection, inventory, {"web": ["web"]}).digest == first.digest
    (inventory / "group_vars/role_web.yml").write_text("web_port: 81\n")
    assert pack(collection, inventory, {"web": ["web"]}).digest != first.digest


def test_a_role_without_variables_of_its_own_is_packed_too(collection: Path, inventory: Path) -> None:
    (play,) = read(pack(collection, inventory, {"mail": ["base"]}), "role_mail.yml")
    assert play["vars_files"] == ["vars/region.yml", "vars/all/region.yml", "vars/nodes.yml"]


def test_what_only_the_controller_can_read_is_refused(collection: Path, inventory: Path) -> None:
    (inventory / "group_vars/role_web.yml").write_text("token: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  61\n")
    with pytest.raises(InputError, match=r"role_web\.yml is encrypted by Ansible Vault"):
        pack(collection, inventory, {"web": ["web"]})


def test_a_role_that_is_not_there_is_named(collection: Path, inventory: Path) -> None:
    with pytest.raises(InputError, match="there is no role wab"):
        pack(collection, inventory, {"web": ["wab"]})
