# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Launch templates: what a machine of a pool is. One is called ``<region_name>-<part>``, as its group is.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-launch-templates.html: a template never changes; a change is a
new version of it, which becomes the default. Old versions are kept, `KEPT_VERSIONS` of them, to go back to.
"""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._aws import each
from ansible_collections.cloister.aws.plugins.module_utils._errors import RegionError
from ansible_collections.cloister.aws.plugins.module_utils._kind import Ec2Kind, Found, Want
from ansible_collections.cloister.aws.plugins.module_utils._launch_data import Machine, data, view
from ansible_collections.cloister.aws.plugins.module_utils._owner import Owner

KEPT_VERSIONS = 5


class LaunchTemplate(Ec2Kind):
    """A launch template. Fields: those of `_launch_data.view`, of its default version.

    ``raw["DefaultVersionNumber"]`` is that version's number, ``raw["data"]`` its ``LaunchTemplateData``.
    """

    noun = "launch template"
    made_by = "pools"
    rank = 40
    describe, listed, id_key, tag_type = (
        "describe_launch_templates",
        "LaunchTemplates",
        "LaunchTemplateId",
        "launch-template",
    )

    def find(self) -> list[Found]:
        """Return what the owner owns, each with the data of its default version."""
        versions = each(lambda found: (found, self.versions(found, "$Default")), super().find())
        return [_with(found, read[0]) for found, read in versions if read]

    def versions(self, found: Found, *numbers: str) -> list[dict[str, t.Any]]:
        """Return AWS's descriptions of versions, all of them when none is named; nothing for what is not there."""
        named = {"Versions": list(numbers)} if numbers else {}
        return self.aws.pages(
            "ec2",
            "describe_launch_template_versions",
            "LaunchTemplateVersions",
            absent_ok=True,
            LaunchTemplateId=found.id,
            **named,
        )

    def fields(self, found: Found) -> dict[str, t.Any]:
        """Return what its default version says."""
        return view(found.raw["data"])

    def create(self, want: Want, tags: t.Mapping[str, str]) -> Found:
        """Make it, with its first version. botocore's client token makes repeating safe."""
        answer = self.aws.make(
            "ec2",
            "create_launch_template",
            LaunchTemplateName=tags["Name"],
            LaunchTemplateData=want.create["data"],
            TagSpecifications=self.tag_specifications(tags),
        )
        _heed(answer)
        return self.made({**answer["LaunchTemplate"], "data": want.create["data"]}, tags)

    def update(self, found: Found, want: Want, changed: t.Collection[str]) -> Found:
        """Make a version and the default of it, then let go of old ones.

        One that a killed run made and did not make the default is taken.
        """
        latest = self.versions(found, "$Latest")
        if latest and view(latest[0]["LaunchTemplateData"]) == want.fields:
            version = latest[0]
        else:
            said = {"LaunchTemplateId": found.id, "LaunchTemplateData": want.create["data"]}
            answer = self.aws.make("ec2", "create_launch_template_version", **said)
            _heed(answer)
            version = answer["LaunchTemplateVersion"]
        number = str(version["VersionNumber"])
        self.aws.call("ec2", "modify_launch_template", LaunchTemplateId=found.id, DefaultVersion=number)
        self._forget_old(found)
        return _with(found, {**version, "LaunchTemplateData": want.create["data"]})

    def delete(self, found: Found) -> None:
        """Delete it with all its versions."""
        self.aws.call("ec2", "delete_launch_template", LaunchTemplateId=found.id, absent_ok=True)

    def foreign(self, want: Want) -> str | None:
        """Return a template of that name that is not ours."""
        name = [{"Name": "launch-template-name", "Values": [f"{self.owner.region}-{want.part}"]}]
        found = [self.found(raw) for raw in self.aws.pages("ec2", self.describe, self.listed, Filters=name)]
        return next((item.id for item in found if not self.owner.owns(item.tags)), None)

    def _forget_old(self, found: Found) -> None:
        """Delete all but the newest versions and those that the group or its machines still have."""
        versions = self.versions(found)
        numbers = sorted((int(version["VersionNumber"]) for version in versions), reverse=True)
        old = {str(number) for number in numbers[KEPT_VERSIONS:]}
        if old:
            old -= {str(version["VersionNumber"]) for version in versions if version["DefaultVersion"]}
            old -= self._in_use(found)
        if old:
            named: dict[str, t.Any] = {"LaunchTemplateId": found.id, "Versions": sorted(old, key=int)[:200]}
            self.aws.call("ec2", "delete_launch_template_versions", **named)

    def _in_use(self, found: Found) -> set[str]:
        groups = self.aws.pages(
            "autoscaling",
            "describe_auto_scaling_groups",
            "AutoScalingGroups",
            AutoScalingGroupNames=[found.raw["LaunchTemplateName"]],
        )
        return {spec["Version"] for group in groups for spec in specifications(group) if "Version" in spec}


def specifications(group: t.Mapping[str, t.Any]) -> t.Iterator[t.Mapping[str, t.Any]]:
    """Yield the launch templates that an Auto Scaling group and its machines have, as AWS describes them."""
    policy: t.Mapping[str, t.Any] = group.get("MixedInstancesPolicy") or {}
    inside: t.Mapping[str, t.Any] = policy.get("LaunchTemplate") or {}
    yield from (spec for spec in (inside.get("LaunchTemplateSpecification"), group.get("LaunchTemplate")) if spec)
    yield from (machine["LaunchTemplate"] for machine in group.get("Instances") or () if machine.get("LaunchTemplate"))


def _with(found: Found, version: t.Mapping[str, t.Any]) -> Found:
    raw = {**found.raw, "DefaultVersionNumber": version["VersionNumber"], "data": version["LaunchTemplateData"]}
    return Found(found.id, found.tags, raw)


def _heed(answer: t.Mapping[str, t.Any]) -> None:
    """Raise for what AWS takes and then warns of: no machine would start from it."""
    errors = (answer.get("Warning") or {}).get("Errors") or ()
    if errors:
        told = "; ".join(f"{error.get('Code', '')}: {error.get('Message', '')}" for error in errors)
        raise RegionError(f"AWS took the launch template, and says that no machine will start from it: {told}")


def want(name: str, machine: Machine, owner: Owner, tags: t.Mapping[str, str]) -> Want:
    """Return the wish for the machines of a pool; they, their volumes and interfaces carry the pool's tags too."""
    said = data({**machine, "tags": owner.tags_for(name, tags)})
    return Want(name, view(said), {"data": said}, tags=dict(tags))
