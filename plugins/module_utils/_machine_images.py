# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Images of machines: named by id, or by a parameter that leads to one and is asked once.

Public parameters: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/retrieve-ecs-optimized_AMI.html,
https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-public-parameters-ami.html. A parameter of
one's own holds an image id just so.
"""

from __future__ import annotations

import datetime
import json
import re
import typing as t
from dataclasses import dataclass

from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws, each
from ansible_collections.cloister.aws.plugins.module_utils._errors import ApiError, InputError
from ansible_collections.cloister.aws.plugins.module_utils._image_lock import Entries, Entry

ID = re.compile(r"ami-[0-9a-f]{8,17}")
GOLDEN = re.compile(r"/cloister/[^/]+/[^/]+-ami/(?:candidate|current|previous)")
"""Parameters of golden images, which kinds/image_stage.py makes."""
_AT_ONCE = 10
REFRESH = "-e pools_refresh_images=true resolves it anew"


@dataclass(frozen=True)
class MachineImage:
    """An image as AWS describes it; ``snapshot_gib`` is how large its root volume is at least."""

    id: str
    name: str
    architecture: str
    root_device: str
    snapshot_gib: int
    deprecated: str = ""
    """Since when it is deprecated, empty when it is not."""


@dataclass
class MachineImages:
    """The images of some pools, by what the inventory says of each; ``new`` is what the lock file lacks."""

    by_source: dict[str, MachineImage]
    new: Entries
    warnings: list[str]


def source(said: t.Mapping[str, t.Any]) -> str:
    """Return the parameter or the id that an ``image`` names."""
    return str(said.get("parameter") or said["id"])


def stand_ins(images: t.Iterable[t.Mapping[str, t.Any]]) -> dict[str, str]:
    """Return what each parameter of a golden image stands for until a version of it is promoted."""
    return {source(said): str(said["until_promoted"]) for said in images if said.get("until_promoted")}


def find(
    aws: Aws,
    sources: t.Iterable[str],
    locked: Entries,
    refresh: bool,
    where: str,
    instead: t.Mapping[str, str] | None = None,
) -> MachineImages:
    """Return the images that ``sources`` (parameters and ids) stand for; ``where`` is the lock file, for messages.

    A locked parameter is not asked, unless ``refresh``. What it leads to must still be there. Parameters of golden
    images are asked each time, as promoting one is what changes it, and are not locked; ``instead`` is `stand_ins`.
    """
    golden = _golden(aws, {name for name in sources if GOLDEN.fullmatch(name)}, instead or {})
    found = _find(aws, sorted({golden.get(name, name) for name in sources}), locked, refresh, where)
    found.by_source |= {name: found.by_source[leads_to] for name, leads_to in golden.items()}
    return found


def _golden(aws: Aws, names: t.Collection[str], instead: t.Mapping[str, str]) -> dict[str, str]:
    """Return what parameters of golden images lead to: an id, or the parameter that stands in for it."""
    held = _asked(aws, sorted(names))
    missing = sorted(set(names) - set(held) - set(instead))
    if missing:
        raise InputError(
            f"{aws.region} has no parameter {', '.join(missing)} yet: playbooks/bake.yml makes a golden image and "
            "playbooks/promote.yml its parameter; until then name another image as until_promoted"
        )
    return {name: held.get(name) or instead[name] for name in names}


def _find(aws: Aws, wanted: t.Sequence[str], locked: Entries, refresh: bool, where: str) -> MachineImages:
    asked = [name for name in wanted if not ID.fullmatch(name) and (refresh or name not in locked)]
    ids = {name: name if ID.fullmatch(name) else locked[name]["id"] for name in wanted if name not in asked}
    ids |= _parameters(aws, asked)
    there = _describe(aws, set(ids.values()))
    missing = [name for name in wanted if ids[name] not in there]
    if missing:
        raise InputError("; ".join(_gone(name, ids[name], name in asked, where, aws.region) for name in missing))
    found = {name: _image(name, there[ids[name]]) for name in wanted}
    new: Entries = {
        name: Entry(id=found[name].id, name=found[name].name, resolved=_today())
        for name in asked
        if name not in locked or locked[name]["id"] != found[name].id
    }
    return MachineImages(found, new, [_warning(name, image) for name, image in found.items() if image.deprecated])


def _today() -> str:
    return datetime.datetime.now(tz=datetime.UTC).date().isoformat()


def _parameters(aws: Aws, names: t.Sequence[str]) -> dict[str, str]:
    """Ask parameters for the ids that they hold; all must be there."""
    held = _asked(aws, names)
    missing = sorted(set(names) - set(held))
    if missing:
        raise InputError(
            f"{aws.region} has no parameter {', '.join(missing)}; "
            "aws ssm get-parameters-by-path --path /aws/service/ecs/optimized-ami --recursive lists those of ECS"
        )
    return held


def _asked(aws: Aws, names: t.Sequence[str]) -> dict[str, str]:
    """Ask parameters for the ids that they hold; what is not there is left out."""
    batches = [list(names[start : start + _AT_ONCE]) for start in range(0, len(names), _AT_ONCE)]
    answers = each(lambda batch: aws.call("ssm", "get_parameters", Names=batch), batches)
    return {one["Name"]: _held(one["Name"], one["Value"]) for answer in answers for one in answer["Parameters"]}


def _held(name: str, value: str) -> str:
    """Return the image id in a parameter's value; AWS's own without a last word hold it among others, as JSON."""
    said = value.strip()
    if said.startswith("{"):
        try:
            said = str(json.loads(said).get("image_id", ""))
        except ValueError:
            said = ""
    if not ID.fullmatch(said):
        raise InputError(f"the parameter {name} holds {value[:40]!r}, which is no image id; name one that does")
    return said


def _describe(aws: Aws, ids: t.Collection[str]) -> dict[str, t.Mapping[str, t.Any]]:
    """Return AWS's descriptions of those that are there.

    By their ids, which AWS answers fast; where one is gone it refuses them all, and then by a filter.
    """
    named: dict[str, t.Any] = {"ImageIds": sorted(ids)}
    filtered: dict[str, t.Any] = {"Filters": [{"Name": "image-id", "Values": sorted(ids)}]}
    try:
        found = _listed(aws, named) or _listed(aws, filtered) if ids else []
    except ApiError as exc:
        if not exc.code.startswith("InvalidAMIID"):
            raise
        found = _listed(aws, filtered)
    return {raw["ImageId"]: raw for raw in found}


def _listed(aws: Aws, which: t.Mapping[str, t.Any]) -> list[t.Any]:
    return aws.pages("ec2", "describe_images", "Images", absent_ok=True, IncludeDeprecated=True, **which)


def _image(name: str, raw: t.Mapping[str, t.Any]) -> MachineImage:
    if raw.get("State", "available") != "available":
        reason = (raw.get("StateReason") or {}).get("Message", "no reason is given")
        raise InputError(
            f"the image {raw['ImageId']} of {name} is {raw['State']} ({reason}); wait, or name another one"
        )
    device = raw.get("RootDeviceName", "")
    mappings = [one for one in raw.get("BlockDeviceMappings") or () if one.get("DeviceName") == device]
    size = next((one["Ebs"].get("VolumeSize", 0) for one in mappings if "Ebs" in one), 0)
    said = (raw["ImageId"], raw.get("Name", ""), raw.get("Architecture", ""), device, size)
    return MachineImage(*said, deprecated=_deprecated(raw.get("DeprecationTime", "")))


def _deprecated(when: str) -> str:
    """Return the day on which an image was deprecated, if that is past."""
    day = when[:10]
    return day if day and day <= _today() else ""


def _gone(name: str, found: str, asked: bool, where: str, region: str) -> str:
    if name == found:
        return f"{region} has no image {found}, or not for this account; name one that is there"
    if asked:
        return f"the parameter {name} leads to {found}, which {region} does not show to this account; name another one"
    return (
        f"{where} says that {name} is {found}, which {region} no longer has: {REFRESH}, and machines will be replaced"
    )


def _warning(name: str, image: MachineImage) -> str:
    advice = "name a newer one" if name == image.id else REFRESH
    return f"the image {image.id} ({image.name}) of {name} is deprecated since {image.deprecated}; {advice}"
