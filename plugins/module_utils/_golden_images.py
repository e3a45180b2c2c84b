# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Golden images: what there is of one, whether a bake is needed, which version is used, and which versions go.

A version is made (no verdict), tested (`PASSED`), becomes the candidate, is promoted to current, and may be taken back
(`REJECTED`). The version before it stays as previous, so that taking back needs nothing but a parameter.
"""

from __future__ import annotations

import hashlib
import json
import os
import typing as t
from dataclasses import dataclass, replace

from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws, each
from ansible_collections.cloister.aws.plugins.module_utils._errors import InputError, MissingError
from ansible_collections.cloister.aws.plugins.module_utils._kind import Found
from ansible_collections.cloister.aws.plugins.module_utils._managed_nodes import running
from ansible_collections.cloister.aws.plugins.module_utils._owner import Owner
from ansible_collections.cloister.aws.plugins.module_utils._reconcile import Member, Outcome, leave, reconcile
from ansible_collections.cloister.aws.plugins.module_utils._removal import remove_by_rank
from ansible_collections.cloister.aws.plugins.module_utils.kinds import image_stage
from ansible_collections.cloister.aws.plugins.module_utils.kinds.image_stage import ImageStage
from ansible_collections.cloister.aws.plugins.module_utils.kinds.launch_template import LaunchTemplate
from ansible_collections.cloister.aws.plugins.module_utils.kinds.machine_image import (
    IMAGE,
    INPUTS,
    PASSED,
    REJECTED,
    VERDICT,
    MachineImage,
)

Move = t.Literal["candidate", "promote", "rollback"]
Todo = t.Literal["bake", "test", "nothing"]


@dataclass(frozen=True)
class Golden:
    """What a region has of its golden images: versions, newest first, and stages by their logical names."""

    versions: list[Found]
    stages: dict[str, Found]

    @classmethod
    def read(cls, aws: Aws, owner: Owner) -> Golden:
        """Read both, side by side."""
        found: list[list[Found]] = each(lambda kind: kind(aws, owner).find(), [MachineImage, ImageStage])
        versions = sorted(found[0], key=lambda item: item.part, reverse=True)
        return cls(versions, {item.part: item for item in found[1]})

    def of(self, image: str) -> list[Found]:
        """Return the versions of a golden image, newest first."""
        return [found for found in self.versions if found.tags.get(IMAGE) == image]

    def staged(self, image: str, stage: str) -> str:
        """Return the id that a stage leads to, empty when it leads nowhere."""
        found = self.stages.get(image_stage.part(image, stage))
        return str(found.raw["Value"]) if found else ""

    def todo(self, image: str, inputs: str, again: bool = False) -> tuple[Todo, Found | None]:
        """Return what a bake has to do for what it would be made from, and the version that it goes on with.

        ``again`` bakes whatever there is. `InputError` when just that was rejected: another bake of the same would give
        the same.
        """
        same = [found for found in self.of(image) if found.tags.get(INPUTS) == inputs and not again]
        if not same:
            return "bake", None
        newest = same[0]
        verdict = newest.tags.get(VERDICT)
        if verdict == REJECTED:
            raise InputError(
                f"golden image {image}: {newest.id} ({newest.part}) was made from just this, and was rejected. Change "
                "its source, its roles or what they are told; or bake it all the same with -e bake_again=true"
            )
        return ("nothing" if verdict == PASSED else "test"), newest

    def version(self, image: str, identifier: str, why: str) -> Found:
        """Return a version by its id; ``why`` says in an error what it was wanted for."""
        found = next((item for item in self.of(image) if item.id == identifier), None)
        if found is None:
            raise MissingError(f"golden image {image}: {why} {identifier or 'nothing'}, which is none of its versions")
        return found


def digest(source: str, files: t.Iterable[str], said: t.Any) -> str:
    """Return the digest of what an image is made from: its source, what roles consist of, and what they are told.

    ``files`` are folders and files, of which some may not be there; bytes and relative names count, times do not.
    """
    total = hashlib.sha256(json.dumps([source, said], sort_keys=True, default=str).encode())
    for start in sorted(files):
        for path in sorted(_every(start)):
            total.update(os.path.relpath(path, os.path.dirname(start)).encode())
            with open(path, "rb") as file:
                total.update(hashlib.sha256(file.read()).digest())
    return total.hexdigest()[:16]


def _every(start: str) -> t.Iterator[str]:
    if os.path.isfile(start):
        yield start
    for folder, _folders, names in os.walk(start):
        yield from (os.path.join(folder, name) for name in names if not name.endswith((".pyc", ".md")))


def judge(aws: Aws, owner: Owner, image: str, identifier: str, verdict: str, check: bool) -> Outcome:
    """Write down what became of a version, where it is not written already."""
    kind = MachineImage(aws, owner)
    found = Golden.read(aws, owner).version(image, identifier, "the verdict is on")
    before = found.tags.get(VERDICT, "")
    changes = [] if before == verdict else [{"field": "verdict", "before": before, "after": verdict}]
    if changes and not check:
        _write_down(kind, found, verdict)
    return Outcome([Member(kind.noun, found.part, found.stack, "change" if changes else "keep", found.id, changes)])


def _write_down(kind: MachineImage, found: Found, verdict: str) -> None:
    kind.retag(found, {VERDICT: verdict})


def move(aws: Aws, owner: Owner, image: str, way: Move, identifier: str, check: bool) -> Outcome:
    """Move the stages of a golden image; killed anywhere, the same move again finishes it."""
    golden, stage = Golden.read(aws, owner), ImageStage(aws, owner)
    steps = _MOVES[way](golden, image, identifier)
    members: list[Member] = []
    for found in steps.rejected if not check else ():
        _write_down(MachineImage(aws, owner), found, REJECTED)
    for wanted in steps.stages:
        standing = list(golden.stages.values())
        outcome = reconcile(stage, [image_stage.want(image, *wanted)], check, purge=False, found=standing)
        members += outcome.members
        if outcome.errors:
            return Outcome(members, outcome.errors)
    return Outcome(members)


@dataclass(frozen=True)
class _Steps:
    """Stages to set, one after the other, with the ids that they lead to; and what is rejected before."""

    stages: list[tuple[str, str]]
    rejected: t.Sequence[Found] = ()


def _candidate(golden: Golden, image: str, identifier: str) -> _Steps:
    found = golden.version(image, identifier, "the candidate shall be")
    if found.tags.get(VERDICT) != PASSED:
        raise InputError(
            f"golden image {image}: {found.id} ({found.part}) has not passed its tests; bake.yml makes them"
        )
    return _Steps([("candidate", identifier)])


def _promote(golden: Golden, image: str, _identifier: str) -> _Steps:
    candidate, current = golden.staged(image, "candidate"), golden.staged(image, "current")
    if not candidate:
        raise MissingError(f"golden image {image} has no candidate; bake one with playbooks/bake.yml")
    found = golden.version(image, candidate, "the candidate is")
    if found.tags.get(VERDICT) == REJECTED:
        raise InputError(
            f"golden image {image}: the candidate {found.id} ({found.part}) was rejected; bake another one"
        )
    if candidate == current:
        return _Steps([("current", current)])
    before = [("previous", current)] if current else []
    return _Steps([*before, ("current", candidate)])


def _rollback(golden: Golden, image: str, _identifier: str) -> _Steps:
    previous, current = golden.staged(image, "previous"), golden.staged(image, "current")
    if not previous:
        raise MissingError(f"golden image {image} has no previous version to go back to")
    golden.version(image, previous, "the previous version is")
    bad = [found for found in golden.of(image) if found.id == current and found.id != previous]
    return _Steps([("current", previous)], [found for found in bad if found.tags.get(VERDICT) != REJECTED])


_MOVES: dict[Move, t.Callable[[Golden, str, str], _Steps]] = {
    "candidate": _candidate,
    "promote": _promote,
    "rollback": _rollback,
}


def prune(aws: Aws, owner: Owner, kept: t.Mapping[str, int], check: bool) -> Outcome:
    """Remove old versions: all but the newest ``kept`` of each image, those of a stage, and those that are in use.

    Images that are not in ``kept`` are left alone.
    """
    golden = Golden.read(aws, owner)
    staged = {str(found.raw["Value"]) for found in golden.stages.values()}
    old = [
        found
        for image, number in kept.items()
        for found in golden.of(image)[number:]
        if found.id not in staged and found.raw["State"] == "available"
    ]
    used = _in_use(aws, owner, [found.id for found in old]) if old else set()
    kind = MachineImage(aws, owner)
    # They are kept from a teardown; here they are asked to go.
    doomed = [replace(leave(kind, found), action="remove") for found in old if found.id not in used]
    return remove_by_rank([(kind, member) for member in doomed], check)


def _in_use(aws: Aws, owner: Owner, ids: t.Sequence[str]) -> set[str]:
    """Return those that machines of the account run, or that a template of the region starts machines from."""
    machines = running(aws, [{"Name": "image-id", "Values": list(ids)}])
    templates = LaunchTemplate(aws, Owner(owner.region)).find()
    return {raw["ImageId"] for raw in machines} | {found.raw["data"].get("ImageId", "") for found in templates}
