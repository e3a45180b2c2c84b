# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Machines of pools: types that belong together, an image that fits them, volumes, and a first boot without secrets.

https://docs.aws.amazon.com/ebs/latest/userguide/ebs-volume-types.html,
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-optimized_AMI.html
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._instance_types import architecture, has_gpu, well_formed
from ansible_collections.cloister.aws.plugins.module_utils._machine_images import GOLDEN, ID
from ansible_collections.cloister.aws.plugins.module_utils._user_data import SETTING, faults
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.problems import Problem, shown
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.region import Item
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules.endpoints import twice

PARAMETER = re.compile(r"[a-zA-Z0-9_.\-/]{1,1011}")
ECS_IMAGE = re.compile(
    r"/aws/service/ecs/optimized-ami/[^/]+/(?:(?P<kind>gpu|arm64|neuron|inf)/)?recommended(/image_id)?"
)
DEVICE = re.compile(r"/dev/(sd[b-z]|xvd[b-z][a-z]?)")
WITH_IOPS, WITH_THROUGHPUT = ("gp3", "io1", "io2"), ("gp3",)
LARGEST_GIB = 65536
MOST_TYPES = 40


def rules(pool: Item) -> t.Iterator[Problem]:
    """What is wrong with the machines of one pool."""
    yield from types(pool)
    yield from _image(pool)
    yield from _volumes(pool)
    yield from _settings(pool)
    yield from _first_boot(pool)


def types(pool: Item) -> t.Iterator[Problem]:
    """Its types are types, and one image serves them all."""
    types = list(pool.items("instance_types"))
    yield from twice(pool.child("instance_types"))
    if pool.get("instance_types") == []:
        yield pool.problem("instance_types", "The list is empty.", "instance_types: [t3.medium]")
    if len(types) > MOST_TYPES:
        yield pool.problem("instance_types", f"{len(types)} types; Auto Scaling takes {MOST_TYPES}.", "fewer")
    for item in types:
        if not well_formed(str(item.value)):
            yield item.problem(None, f"{shown(item.value)} is not an instance type.", "a type such as g5.xlarge")
    for what, judge in (("architecture", architecture), ("GPU", has_gpu)):
        judged = {str(item.value): judge(str(item.value)) for item in types}
        kinds = {said for said in judged.values() if said is not None}
        if len(kinds) > 1:
            spelled = ", ".join(f"{name} ({_spelled(said)})" for name, said in judged.items() if said is not None)
            found = f"Its types are not alike, and one image serves them all: {spelled}."
            yield pool.problem("instance_types", found, f"types of one {what}" if what != "GPU" else "a pool of each")


def _spelled(said: str | bool | None) -> str:
    return said if isinstance(said, str) else "GPU" if said else "no GPU"


def source(image: Item) -> t.Iterator[Problem]:
    """What names an image, ``{parameter}`` or ``{id}``, can be one."""
    parameter, known = image.text("parameter"), image.text("id")
    if known and not ID.fullmatch(known):
        yield image.problem("id", f"{shown(known)} is not the id of an image.", "ami- and 8 or 17 hexadecimal digits")
    if parameter and not PARAMETER.fullmatch(parameter):
        right = "the name of a parameter, such as /aws/service/ecs/optimized-ami/amazon-linux-2023/recommended/image_id"
        yield image.problem("parameter", f"{shown(parameter)} cannot be the name of a parameter.", right)
    if image.get("until_promoted") and not GOLDEN.fullmatch(parameter):
        right = "parameter: /cloister/<region_name>/<image>-ami/current, or no until_promoted"
        yield image.problem("until_promoted", "The image is no golden image, so none is promoted.", right)


def _image(pool: Item) -> t.Iterator[Problem]:
    image = pool.child("image")
    parameter = image.text("parameter")
    yield from source(image)
    match = ECS_IMAGE.fullmatch(parameter)
    if match is None:
        return
    types = [str(item.value) for item in pool.items("instance_types")]
    gpus = {has_gpu(name) for name in types} - {None}
    arms = {architecture(name) for name in types} - {None}
    path = parameter.replace(f"/{match['kind']}/", "/") if match["kind"] else parameter
    if match["kind"] == "gpu" and gpus == {False}:
        yield image.problem("parameter", "The image is for GPUs, and none of the types has one.", path)
    elif match["kind"] is None and gpus == {True} and arms == {"x86_64"}:
        right = path.replace("/recommended", "/gpu/recommended")
        yield image.problem("parameter", "The image has no GPU driver, and the types are paid for their GPUs.", right)
    if match["kind"] == "arm64" and arms == {"x86_64"}:
        yield image.problem("parameter", "The image is made for arm64, and the types are not.", path)
    elif match["kind"] in (None, "gpu") and arms == {"arm64"}:
        right = path.replace("/recommended", "/arm64/recommended")
        yield image.problem("parameter", "The types are arm64, and the image is made for x86_64.", right)


def _volumes(pool: Item) -> t.Iterator[Problem]:
    volumes = list(pool.items("volumes"))
    devices: set[str] = set()
    for volume in (pool.child("root_volume"), *volumes):
        gib, kind = volume.get("gib"), volume.text("type", "gp3")
        if isinstance(gib, int) and not 1 <= gib <= LARGEST_GIB:
            yield volume.problem("gib", f"{gib} GiB.", f"from 1 to {LARGEST_GIB}")
        if volume.get("iops") is not None and kind not in WITH_IOPS:
            right = f"no iops, or type: one of {', '.join(WITH_IOPS)}"
            yield volume.problem("iops", f"A volume of type {kind} takes none.", right)
        if volume.get("throughput_mibps") is not None and kind not in WITH_THROUGHPUT:
            yield volume.problem("throughput_mibps", f"A volume of type {kind} takes none.", "type: gp3")
        if kind in ("io1", "io2") and volume.get("iops") is None:
            yield volume.problem("iops", f"A volume of type {kind} needs to be told how fast it is.", "iops: 3000")
    for volume in volumes:
        device = volume.text("device")
        if device and not DEVICE.fullmatch(device):
            yield volume.problem("device", f"{shown(device)} is not for further volumes.", "/dev/sdf to /dev/sdp")
        if device in devices:
            yield volume.problem("device", f"{device} is there already.", "each device once")
        devices.add(device)
        if volume.get("gib") is None and not volume.get("snapshot"):
            yield volume.problem("gib", "It has no size.", "gib: 100, or a snapshot that has one")


def _settings(pool: Item) -> t.Iterator[Problem]:
    settings = pool.child("agent_settings")
    if not isinstance(settings.value, t.Mapping):
        return
    if settings.value and pool.text("purpose", "ecs") != "ecs":
        yield pool.problem("agent_settings", "A plain machine has no ECS agent.", "purpose: ecs, or none of them")
    for key, value in settings.value.items():
        if key == "ECS_CLUSTER":
            yield settings.problem(key, "The cluster is not said here.", f"cluster: {value}")
        elif not SETTING.fullmatch(str(key)):
            yield settings.problem(key, f"{shown(key)} is no setting of the ECS agent.", "ECS_..., in capitals")
        elif isinstance(value, bool) or not isinstance(value, (str, int)) or "\n" in str(value):
            yield settings.problem(key, f"{shown(value)} is not a text of one line.", "a text, in quotes")


def _first_boot(pool: Item) -> t.Iterator[Problem]:
    given = pool.text("user_data")
    if pool.text("purpose", "ecs") == "ecs" and given.startswith("#!"):
        right = "shell lines alone: they are run by bash after the ECS agent is set up"
        yield pool.problem("user_data", "It begins with an interpreter of its own.", right)
    right = "what is secret fetched at boot, with the machine's role, from Secrets Manager or Parameter Store"
    for fault in faults(given):
        yield pool.problem("user_data", f"{fault[:1].upper()}{fault[1:]}.", right)
    settings = pool.get("agent_settings", {})
    for key, value in settings.items() if isinstance(settings, t.Mapping) else ():
        if faults(f"{key}={value}"):
            yield pool.child("agent_settings").problem(key, "It looks like a secret.", right)
