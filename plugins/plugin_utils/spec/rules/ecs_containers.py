# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Containers of a task: one image each, names and ports once, secrets by name, others that are there.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html,
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_HealthCheck.html
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.cloister.aws.plugins.plugin_utils.spec.problems import BROKEN, Problem, did_you_mean, shown
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.region import Item, Region
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules.names import PART, refer

WAYS = ("tag", "newest", "digest")
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
SECRET_KEYS = {"secret": ("secret", "key", "stage", "version"), "parameter": ("parameter",)}
HEALTH = {"interval_seconds": (5, 300), "timeout_seconds": (2, 120), "retries": (1, 10), "start_seconds": (0, 300)}
CALLBACK = "CALLBACK_URL"


def rules(service: Item, region: Region) -> t.Iterator[Problem]:
    """Every container is sound by itself and among the others of its task."""
    containers = list(service.items("containers"))
    names = [one.name for one in containers]
    if isinstance(service.get("containers"), list) and not containers:
        yield service.problem("containers", "A task without containers does nothing.", "at least one")
    elif containers and all(one.get("essential", True) is False for one in containers):
        yield service.problem("containers", "No container is essential.", "essential: true for one at least")
    for index, one in enumerate(containers):
        if one.name and not PART.fullmatch(one.name):
            right = "lowercase letters, digits and hyphens, with a letter or digit at both ends"
            yield one.problem("name", f"{shown(one.name)} cannot be the name of a container.", right)
        elif one.name and one.name in names[:index]:
            yield one.problem("name", f"The task has a container {one.name} already.", "another name")
        yield from _image(one.child("image"), region)
        yield from _variables(one, service)
        yield from _health(one.child("health_check"))
        yield from _others(one, service, names)
    yield from _ports(containers)
    volumes = [volume.name for volume in service.items("volumes")]
    for index, volume in enumerate(service.items("volumes")):
        if volume.name in volumes[:index]:
            yield volume.problem("name", f"The task has a volume {volume.name} already.", "another name")
        if volume.get("efs") and volume.get("host_path"):
            yield volume.problem("host_path", "A volume is of EFS or of the machine.", "one of efs and host_path")


def _image(image: Item, region: Region) -> t.Iterator[Problem]:
    if not isinstance(image.value, t.Mapping) or BROKEN in image.value.values():
        return
    ways = [way for way in WAYS if image.get(way)]
    right = "{repository, tag}, {repository, newest}, {repository, digest} or {uri}"
    if image.get("uri"):
        if ways or image.get("repository"):
            yield image.problem(None, "The image is named in two ways.", right)
    elif not image.get("repository") or len(ways) != 1:
        found = f"The image is named by {' and '.join(ways)}." if len(ways) > 1 else "It does not say which image."
        yield image.problem(None, found, right)
    if image.get("repository"):
        yield from refer(image, "repository", image.get("repository"), region, "registry_repositories", "repository")
    if image.get("digest") and not DIGEST.fullmatch(image.text("digest")):
        yield image.problem("digest", f"{shown(image.get('digest'))} is not a digest.", "sha256: and 64 digits (0-f)")
    tag = image.text("tag") or (image.text("uri").rpartition("/")[2].partition(":")[2])
    if tag == "latest":
        found = "latest is another image tomorrow, and nobody sees which one runs."
        yield image.problem("tag" if image.get("tag") else "uri", found, "a tag that stays, or a digest")


def _variables(one: Item, service: Item) -> t.Iterator[Problem]:
    plain, secret = one.get("environment", {}), one.get("secrets", {})
    plain = plain if isinstance(plain, t.Mapping) else {}
    secret = secret if isinstance(secret, t.Mapping) else {}
    for key, names in (("environment", plain), ("secrets", secret)):
        for name in names:
            if not VARIABLE.fullmatch(str(name)):
                found = f"{shown(str(name))} cannot be the name of a variable."
                yield one.child(key).problem(name, found, "letters, digits and underscores, not a digit first")
    for name, value in plain.items():
        if not isinstance(value, (str, int, float)) or isinstance(value, bool):
            yield one.child("environment").problem(name, f"{shown(value)} is not a text.", "a text, in quotes")
    for name in sorted({*plain} & {*secret}, key=str):
        yield one.child("secrets").problem(name, "It is in environment too.", "one of the two")
    if service.get("callback_url") and CALLBACK in {*plain, *secret}:
        found = f"{CALLBACK} is given by callback_url."
        yield one.problem("environment", found, "callback_url, or the variable by hand")
    for name in secret:
        yield from _secret(one.child("secrets").child(name))


def _secret(item: Item) -> t.Iterator[Problem]:
    right = "{secret: NAME}, {secret: NAME, key: KEY} or {parameter: /NAME}"
    if item.value is BROKEN:
        return
    if not isinstance(item.value, t.Mapping):
        yield item.problem(None, "What a secret holds does not belong here; only its name does.", right)
        return
    kinds = [kind for kind in SECRET_KEYS if item.get(kind)]
    if len(kinds) != 1:
        yield item.problem(None, "It names both or neither of secret and parameter.", right)
        return
    for key in item.value:
        if key not in SECRET_KEYS[kinds[0]]:
            near = did_you_mean(key, SECRET_KEYS[kinds[0]]) or f"one of {', '.join(SECRET_KEYS[kinds[0]])}"
            yield item.problem(key, f"{shown(str(key))} is not known here.", near)
    if str(item.get(kinds[0])).startswith("arn:"):
        yield item.problem(kinds[0], "It is an ARN.", "its name; account, region and partition are the region's own")


def _health(check: Item) -> t.Iterator[Problem]:
    if not isinstance(check.value, t.Mapping):
        return
    if check.get("command") == []:
        yield check.problem("command", "Nothing is run.", '[curl, -f, "http://localhost:8080/health"]')
    for key, (least, most) in HEALTH.items():
        value = check.get(key)
        if isinstance(value, int) and not least <= value <= most:
            yield check.problem(key, f"{value} is out of range.", f"from {least} to {most}")


def _others(one: Item, service: Item, names: t.Sequence[str]) -> t.Iterator[Problem]:
    checked = {other.name for other in service.items("containers") if other.get("health_check")}
    for entry in one.items("depends_on"):
        name = entry.text("container")
        if name and (name not in names or name == one.name):
            yield entry.problem(
                "container", f"The task has no other container {shown(name)}.", did_you_mean(name, names)
            )
        elif name and entry.text("condition", "healthy") == "healthy" and name not in checked:
            found = f"Container {name} has no health_check, so it never becomes healthy."
            yield entry.problem("condition", found, f"start, or a health_check of {name}")
    volumes = [volume.name for volume in service.items("volumes")]
    for mount in one.items("mounts"):
        if mount.text("volume") and mount.text("volume") not in volumes:
            right = did_you_mean(mount.text("volume"), volumes) or "a volume of the service"
            yield mount.problem("volume", f"The service has no volume {shown(mount.text('volume'))}.", right)


def _ports(containers: t.Sequence[Item]) -> t.Iterator[Problem]:
    seen: dict[int, str] = {}
    for one in containers:
        for port in one.items("ports"):
            value = port.value
            if not isinstance(value, int) or isinstance(value, bool):
                continue
            if not 1 <= value <= 65535:
                yield port.problem(None, f"{value} is not a port.", "from 1 to 65535")
            elif value in seen:
                found = f"Container {seen[value]} listens on {value} already, and a task has one address."
                yield port.problem(None, found, "each port once in a task")
            seen.setdefault(value, one.name)
