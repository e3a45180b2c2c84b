# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which version of a golden image is used: parameters ``/cloister/<region>/<image>-ami/<stage>`` that hold its id.

Pools name the one of the stage ``current``. They outlive a teardown, as the images do.
https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._aws import each
from ansible_collections.cloister.aws.plugins.module_utils._errors import ApiError
from ansible_collections.cloister.aws.plugins.module_utils._kind import Found, Kind, Want
from ansible_collections.cloister.aws.plugins.module_utils._owner import KEEP, tag_dict, tag_list

STAGES = ("candidate", "current", "previous")
_PATH = re.compile(rf"/cloister/[^/]+/(?P<image>[^/]+)-ami/(?P<stage>{'|'.join(STAGES)})")


class ImageStage(Kind):
    """A stage of a golden image; its id is the parameter's name. Field: ``image``, the id of a machine image."""

    noun = "image stage"
    made_by = "images"
    rank = 59

    def find(self) -> list[Found]:
        """Return ours: the parameters of such names, with their tags, which are read one by one."""
        path = f"/cloister/{self.owner.region}/"
        listed = self.aws.pages("ssm", "get_parameters_by_path", "Parameters", Path=path, Recursive=True)
        staged = [one for one in listed if _PATH.fullmatch(one["Name"])]
        found = each(lambda one: Found(one["Name"], self._tags(one["Name"]), one), staged)
        return [item for item in found if self.owner.owns(item.tags)]

    def fields(self, found: Found) -> dict[str, t.Any]:
        """Return the image that it leads to."""
        return {"image": found.raw["Value"]}

    def create(self, want: Want, tags: t.Mapping[str, str]) -> Found:
        """Make the parameter, tagged."""
        name, value = self.name(want), want.fields["image"]
        try:
            self.aws.make(
                "ssm", "put_parameter", Name=name, Value=value, Type="String", Tags=tag_list(tags), Overwrite=False
            )
        except ApiError as exc:
            # A listing shows a new parameter late, and an answer may be lost: what is ours is taken.
            if exc.code != "ParameterAlreadyExists" or not self.owner.owns(self._tags(name)):
                raise
            self._put(name, value)
        return Found(name, tags, {"Name": name, "Value": value})

    def update(self, found: Found, want: Want, changed: t.Collection[str]) -> None:
        """Lead to another image."""
        self._put(found.id, want.fields["image"])

    def _put(self, name: str, value: str) -> None:
        self.aws.call("ssm", "put_parameter", Name=name, Value=value, Type="String", Overwrite=True)

    def retag(self, found: Found, tags: t.Mapping[str, str]) -> None:
        """Set these tags, leaving others alone."""
        which: dict[str, t.Any] = {"ResourceType": "Parameter", "ResourceId": found.id}
        self.aws.call("ssm", "add_tags_to_resource", Tags=tag_list(tags), **which)

    def delete(self, found: Found) -> None:
        """Delete the parameter; the image stays."""
        try:
            self.aws.call("ssm", "delete_parameter", Name=found.id)
        except ApiError as exc:
            if exc.code != "ParameterNotFound":
                raise

    def foreign(self, want: Want) -> str | None:
        """Return the parameter of that name, which has not our tags, or it would have been found."""
        try:
            self.aws.call("ssm", "get_parameter", Name=self.name(want))
        except ApiError as exc:
            if exc.code == "ParameterNotFound":
                return None
            raise
        return self.name(want)

    def shows(self, found: Found) -> dict[str, t.Any]:
        """Return the image that it leads to."""
        return {"image": found.raw["Value"]}

    def name(self, want: Want) -> str:
        """Return the parameter's name."""
        return f"/cloister/{self.owner.region}/{want.part}"

    def _tags(self, name: str) -> dict[str, str]:
        try:
            answer = self.aws.call("ssm", "list_tags_for_resource", ResourceType="Parameter", ResourceId=name)
        except ApiError as exc:
            if exc.code != "InvalidResourceId":
                raise
            return {}
        return tag_dict(answer.get("TagList"))


def part(image: str, stage: str) -> str:
    """Return the logical name of a stage of a golden image."""
    return f"{image}-ami/{stage}"


def want(image: str, stage: str, image_id: str) -> Want:
    """Return the wish that a stage leads to a machine image."""
    return Want(part(image, stage), {"image": image_id}, tags={KEEP: "true"})
