"""Images of machines: asked for once, kept in a file, and held against what AWS still has."""

from __future__ import annotations

import threading
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible_collections.cloister.aws.plugins.module_utils import _image_lock as image_lock
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._errors import InputError
from ansible_collections.cloister.aws.plugins.module_utils._image_lock import Entries, Entry
from ansible_collections.cloister.aws.plugins.module_utils._machine_images import MachineImages, find

from lab.embedded_aws.client import EmbeddedAws

PUBLIC = "/aws/service/ecs/optimized-ami/amazon-linux-2023/recommended"
ID = f"{PUBLIC}/image_id"


def look(aws: Aws, *sources: str, locked: Entries | None = None, refresh: bool = False) -> MachineImages:
    return find(aws, sources or (ID,), locked or {}, refresh, "images.lock.yml")


def own(aws: Aws, value: str, name: str = "/us/images/app") -> str:
    aws.call("ssm", "put_parameter", Name=name, Value=value, Type="String")
    return name


def test_a_parameter_leads_to_its_image_and_is_new_to_the_file(aws: Aws) -> None:
    found = look(aws)
    image = found.by_source[ID]
    assert (image.architecture, image.root_device, image.snapshot_gib) == ("x86_64", "/dev/xvda", 30)
    assert found.new == {ID: {"id": image.id, "name": image.name, "resolved": found.new[ID]["resolved"]}}
    assert found.warnings == []


def test_a_locked_parameter_is_not_asked_though_there_are_newer_images(aws: Aws, embedded_aws: EmbeddedAws) -> None:
    locked = look(aws).new
    embedded_aws.new_images()
    embedded_aws.clear_journal()
    found = look(aws, locked=locked)
    assert found.by_source[ID].id == locked[ID]["id"]
    assert found.new == {}
    assert "ssm:GetParameters" not in embedded_aws.reads()["actions"]


def test_a_refresh_moves_on_and_says_nothing_new_where_there_is_nothing(aws: Aws, embedded_aws: EmbeddedAws) -> None:
    locked = look(aws).new
    assert look(aws, locked=locked, refresh=True).new == {}
    embedded_aws.new_images()
    found = look(aws, locked=locked, refresh=True)
    assert found.new[ID]["id"] == found.by_source[ID].id != locked[ID]["id"]


def test_a_parameter_of_our_own_and_one_with_json_lead_to_images_too(aws: Aws) -> None:
    known = look(aws).by_source[ID].id
    mine = own(aws, known)
    found = look(aws, mine, PUBLIC, known)
    assert {image.id for image in found.by_source.values()} == {known}
    assert set(found.new) == {mine, PUBLIC}


def test_a_parameter_that_does_not_exist_is_told(aws: Aws) -> None:
    with pytest.raises(InputError, match="us-west-2 has no parameter /us/images/none"):
        look(aws, "/us/images/none")


@pytest.mark.parametrize("value", ["i-0123456789abcdef0", "{not json"])
def test_a_parameter_that_holds_no_image_is_told(aws: Aws, value: str) -> None:
    name = own(aws, value)
    with pytest.raises(InputError, match="which is no image id"):
        look(aws, name)


def test_an_image_that_is_not_there_is_told_with_what_to_do(aws: Aws) -> None:
    gone = "ami-0123456789abcdef0"
    with pytest.raises(InputError, match=f"us-west-2 has no image {gone}"):
        look(aws, gone)
    with pytest.raises(InputError, match=f"leads to {gone}, which us-west-2 does not show"):
        look(aws, own(aws, gone))
    entry: Entry = {"id": gone, "name": "old", "resolved": "2026-01-01"}
    with pytest.raises(InputError, match=rf"images.lock.yml says that .* is {gone}.*-e pools_refresh_images=true"):
        look(aws, locked={ID: entry})


def test_a_deprecated_image_is_warned_of(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    locked = look(aws).new
    monkeypatch.setattr(
        "ansible_collections.cloister.aws.plugins.module_utils._machine_images._today", lambda: "2031-01-01"
    )
    found = look(aws, locked=locked)
    assert len(found.warnings) == 1
    assert "is deprecated since 2028-10-31" in found.warnings[0]
    assert "-e pools_refresh_images=true" in found.warnings[0]


# The file


def entry(number: int = 1) -> Entry:
    return {"id": f"ami-{number:017x}", "name": 'al2023 "gpu" image', "resolved": "2026-11-21"}


def test_what_is_added_is_read_again_beside_what_others_added(tmp_path: Path) -> None:
    path = str(tmp_path / "images.lock.yml")
    assert image_lock.read(path, "us-west-2") == {}
    image_lock.add(path, "us-west-2", {"/b": entry(1)})
    image_lock.add(path, "eu-central-1", {"/b": entry(2)})
    image_lock.add(path, "us-west-2", {"/a": entry(3)})
    assert image_lock.read(path, "us-west-2") == {"/a": entry(3), "/b": entry(1)}
    assert image_lock.read(path, "eu-central-1") == {"/b": entry(2)}
    text = Path(path).read_text()
    assert text.startswith("# Written by Cloister")
    assert list(yaml.safe_load(text)) == ["eu-central-1", "us-west-2"]
    assert list(yaml.safe_load(text)["us-west-2"]) == ["/a", "/b"]
    assert [file.name for file in tmp_path.iterdir()] == ["images.lock.yml"]


def test_stacks_that_write_at_once_lose_nothing(tmp_path: Path) -> None:
    path = str(tmp_path / "images.lock.yml")
    writers = [
        threading.Thread(target=image_lock.add, args=(path, "us-west-2", {f"/{n}": entry(n)})) for n in range(16)
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert len(image_lock.read(path, "us-west-2")) == 16


@pytest.mark.parametrize(
    "text", ["a: [1", "us-west-2: []", "us-west-2: {/a: ami-1}", "us-west-2: {/a: {id: ami-1}}", "- us-west-2"]
)
def test_a_file_that_somebody_broke_is_told_with_what_to_do(tmp_path: Path, text: str) -> None:
    path = tmp_path / "images.lock.yml"
    path.write_text(text)
    with pytest.raises(InputError, match=f"{path}.*delete it"):
        image_lock.read(str(path), "us-west-2")
    assert path.read_text() == text


def test_a_file_keeps_its_mode_and_an_old_one_stays_when_the_new_one_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "images.lock.yml"
    image_lock.add(str(path), "us-west-2", {"/a": entry()})
    path.chmod(0o600)
    image_lock.add(str(path), "us-west-2", {"/b": entry()})
    assert path.stat().st_mode & 0o777 == 0o600
    before = path.read_text()

    def full(*_: t.Any) -> t.NoReturn:
        raise OSError("No space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(InputError, match=f"{path} cannot be written: .*No space left"):
        image_lock.add(str(path), "us-west-2", {"/c": entry()})
    assert path.read_text() == before
    assert [file.name for file in tmp_path.iterdir()] == ["images.lock.yml"]
