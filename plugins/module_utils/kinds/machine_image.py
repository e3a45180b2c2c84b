# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Golden images: machine images (AMIs) made from a machine that was configured for it, with their snapshots.

They outlive a teardown. Which of an image's versions is used is said by parameters (`image_stage`), what became of one
by its tags. https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateImage.html
"""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._aws import Patience
from ansible_collections.cloister.aws.plugins.module_utils._errors import ApiError, InputError, RegionError
from ansible_collections.cloister.aws.plugins.module_utils._kind import Ec2Kind, Found, Want
from ansible_collections.cloister.aws.plugins.module_utils._owner import KEEP, tag_list

IMAGE, INPUTS, VERDICT = "cloister:image", "cloister:inputs", "cloister:verdict"
"""Of which golden image it is a version; the digest of what it was made from; what became of it."""
PASSED, REJECTED = "passed", "rejected"

# A machine's disks are read while it is stopped for it: a large one takes its time.
AVAILABLE_SECONDS = 3600
_NAME_TAKEN = "InvalidAMIName.Duplicate"
_GONE = ("InvalidAMIID.NotFound", "InvalidAMIID.Unavailable")
_SNAPSHOT_DONE = ("success", "skipped")  # skipped: another image has it too
# A machine that a moment ago was started or stopped.
_MOVING = Patience(frozenset({"IncorrectInstanceState", "IncorrectState"}), seconds=300)


class MachineImage(Ec2Kind):
    """A version of a golden image. Nothing of it ever changes but its tags."""

    noun = "machine image"
    made_by = "images"
    rank = 60
    describe = "describe_images"
    listed = "Images"
    id_key = "ImageId"
    tag_type = "image"

    def find(self) -> list[Found]:
        """Return ours, those that are still being made too; of the account's own alone, which is a short list."""
        raws = self.aws.pages(
            "ec2", self.describe, self.listed, Owners=["self"], IncludeDeprecated=True, Filters=self.owner.filters()
        )
        found = [self.found(raw) for raw in raws if raw["State"] in ("pending", "available")]
        return [item for item in found if self.owner.owns(item.tags)]

    def fields(self, found: Found) -> dict[str, t.Any]:
        """Return nothing: it never changes."""
        return {}

    def create(self, want: Want, tags: t.Mapping[str, str]) -> Found:
        """Make it from a machine, which is stopped for it, so that what is on its disks is whole."""
        name = self.name(want.part)
        both = [{"ResourceType": kind, "Tags": tag_list(tags)} for kind in ("image", "snapshot")]
        said = {"InstanceId": want.create["instance"], "Name": name, "Description": want.create["description"]}
        try:
            # Repeating it after a lost answer makes no second one: names are unique.
            made = self.aws.call("ec2", "create_image", patience=_MOVING, TagSpecifications=both, **said)
        except ApiError as exc:
            if exc.code != _NAME_TAKEN:
                raise
            return self._of_a_lost_answer(name)
        return Found(made["ImageId"], tags, {"ImageId": made["ImageId"], "Name": name, "State": "pending"})

    def _of_a_lost_answer(self, name: str) -> Found:
        mine = next((found for found in self.find() if found.raw["Name"] == name), None)
        if mine is None:
            raise InputError(f"an image called {name} is there and is not this region's; deregister or rename it")
        return mine

    def settled(self, found: Found) -> bool:
        """Return whether machines can be started from it."""
        return bool(found.raw["State"] == "available")

    def settle(self, found: Found) -> None:
        """Wait until machines can be started from it."""
        self.until(f"{self.noun} {found.part}", lambda: self._available(found), AVAILABLE_SECONDS)

    def _available(self, found: Found) -> bool:
        which = [{"Name": "image-id", "Values": [found.id]}]
        raws = self.aws.pages("ec2", self.describe, self.listed, Owners=["self"], Filters=which)
        state = raws[0]["State"] if raws else "pending"  # a new one is listed late
        if state in ("pending", "available"):
            return bool(state == "available")
        reason = (raws[0].get("StateReason") or {}).get("Message", "no reason is given")
        raise RegionError(f"{self.noun} {found.part} is {state}: {reason}; bake it again")

    def delete(self, found: Found) -> None:
        """Deregister it, and delete its snapshots with it."""
        try:
            answer = self.aws.call("ec2", "deregister_image", ImageId=found.id, DeleteAssociatedSnapshots=True)
        except ApiError as exc:
            if exc.code not in _GONE:
                raise
            return
        # https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteSnapshotReturnCode.html
        left = [one for one in answer.get("DeleteSnapshotResults") or () if one["ReturnCode"] not in _SNAPSHOT_DONE]
        if left:
            told = ", ".join(f"{one['SnapshotId']} ({one['ReturnCode']})" for one in left)
            raise RegionError(
                f"{self.noun} {found.part} is gone and its snapshots are not: {told}; delete them by hand"
            )

    def shows(self, found: Found) -> dict[str, t.Any]:
        """Return what became of it."""
        return {"verdict": found.tags.get(VERDICT, "not tested")}

    def name(self, part: str) -> str:
        """Return what AWS calls it; names are unique in an account and region."""
        return f"{self.owner.region}-{part}"


def want(image: str, stamp: str, inputs: str, instance: str, description: str) -> Want:
    """Return the wish for a version of a golden image, made from a machine at a time ``stamp`` (YYYYMMDD-HHMMSS)."""
    tags = {IMAGE: image, INPUTS: inputs, KEEP: "true"}
    return Want(f"{image}-{stamp}", {}, create={"instance": instance, "description": description}, tags=tags)
