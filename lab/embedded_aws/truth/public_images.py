# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Amazon's public images behind public parameters: Parameter Store gives their ids, EC2 describes them.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/retrieve-ecs-optimized_AMI.html,
https://docs.aws.amazon.com/eks/latest/userguide/retrieve-ami-id.html and
https://docs.aws.amazon.com/linux/al2023/ug/ec2.html. The image ids are made up, but always the same for one name,
region and release. A new release gives every parameter a new id; the images of earlier releases stay.
"""

from __future__ import annotations

import dataclasses
import datetime
import functools
import hashlib
import itertools
import re

ECS = re.compile(
    r"(/aws/service/ecs/optimized-ami/amazon-linux-(?:2|2023)(?:/(?:gpu|arm64|neuron|inf))?/recommended)(?:/(\w+))?"
)
EKS = re.compile(
    r"(/aws/service/eks/optimized-ami/1\.[23]\d/"
    r"(?:amazon-linux-2(?:-gpu|-arm64)?|amazon-linux-2023/(?:x86_64|arm64)/(?:standard|nvidia|neuron))/recommended)"
    r"(?:/(\w+))?"
)
LATEST = re.compile(
    r"/aws/service/ami-amazon-linux-latest/"
    r"((?:al2023-ami-(?:minimal-)?kernel-(?:default|6\.1|6\.12)|amzn2-ami-(?:minimal-)?(?:kernel-5\.10-)?hvm)[\w-]*"
    r"(?:x86_64|arm64)[\w-]*)"
)
OWNERS = {"ecs": "591542846629", "eks": "602401143452", "ami-amazon-linux-latest": "137112412989"}
ROOT_GIB = {"ecs": 30, "eks": 20, "ami-amazon-linux-latest": 8}
FIRST_RELEASE, BETWEEN_RELEASES = datetime.date(2026, 11, 1), datetime.timedelta(days=14)
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ami-deprecate.html
UNTIL_DEPRECATED = datetime.timedelta(days=730)


class Releases:
    """How many releases came after the first."""

    latest = 0

    def publish(self) -> int:
        self.latest += 1
        return self.latest

    def reset(self) -> None:
        self.latest = 0


releases = Releases()


@dataclasses.dataclass(frozen=True)
class PublicImage:
    """An image as its parameter and its release make it."""

    id: str
    parameter: str
    release: int

    @property
    def family(self) -> str:
        return self.parameter.split("/")[3]

    @property
    def owner(self) -> str:
        return OWNERS[self.family]

    @property
    def created(self) -> datetime.date:
        return FIRST_RELEASE + self.release * BETWEEN_RELEASES

    @property
    def version(self) -> str:
        """The release's date as image names carry it."""
        return f"{self.created:%Y%m%d}"

    @property
    def architecture(self) -> str:
        return "arm64" if "arm64" in self.parameter else "x86_64"

    @property
    def generation(self) -> str:
        """Amazon Linux's: 2 or 2023."""
        return "2023" if "2023" in self.parameter else "2"

    @property
    def name(self) -> str:
        kind = next((f"{one}-" for one in ("gpu", "neuron", "inf", "nvidia") if f"/{one}/" in self.parameter), "")
        if self.family == "ecs":
            tail = f"{kind}hvm-{self.generation}.0.{self.version}-kernel-6.1-{self.architecture}"
            return f"al2023-ami-ecs-{tail}" if self.generation == "2023" else f"amzn2-ami-ecs-{tail}-ebs"
        if self.family == "eks":
            return f"amazon-eks-node-{self.parameter.split('/')[5]}-{kind}{self.architecture}-v{self.version}"
        return f"{self.parameter.rpartition('/')[2]}-{self.version}"

    @property
    def root_gib(self) -> int:
        return ROOT_GIB[self.family]


def image_id(region: str, parameter: str, release: int | None = None) -> str:
    """The image a public parameter led to in one release, in the latest when none is given."""
    number = releases.latest if release is None else release
    text = f"{region}{parameter}{number or ''}"
    identifier = "ami-0" + hashlib.sha256(text.encode()).hexdigest()[:16]
    _given[region, identifier] = PublicImage(identifier, parameter, number)
    return identifier


# Those that were given out: a few parameters' names are open-ended.
_given: dict[tuple[str, str], PublicImage] = {}


def find(region: str, identifier: str) -> PublicImage | None:
    """The public image with this id, of whatever release so far."""
    for release in range(releases.latest + 1):
        known = _every(region, release).get(identifier)
        if known:
            return known
    known = _given.get((region, identifier))
    return known if known and known.release <= releases.latest else None


def every(region: str) -> list[PublicImage]:
    """All public images of the releases so far."""
    return [image for release in range(releases.latest + 1) for image in _every(region, release).values()]


@functools.cache
def _every(region: str, release: int) -> dict[str, PublicImage]:
    found = {image_id(region, name, release): name for name in _parameters()}
    return {identifier: PublicImage(identifier, name, release) for identifier, name in found.items()}


@functools.cache
def _parameters() -> tuple[str, ...]:
    ecs = [
        f"/aws/service/ecs/optimized-ami/amazon-linux-{generation}{kind}/recommended"
        for generation, kind in itertools.product(("2", "2023"), ("", "/gpu", "/arm64", "/neuron", "/inf"))
    ]
    machines = ["amazon-linux-2", "amazon-linux-2-gpu", "amazon-linux-2-arm64"]
    for architecture, kind in itertools.product(("x86_64", "arm64"), ("standard", "nvidia", "neuron")):
        machines.append(f"amazon-linux-2023/{architecture}/{kind}")
    eks = [f"/aws/service/eks/optimized-ami/1.{minor}/{one}/recommended" for minor in range(28, 37) for one in machines]
    linux = [
        f"/aws/service/ami-amazon-linux-latest/{stem}-{architecture}{tail}"
        for architecture in ("x86_64", "arm64")
        for stem, tail in (
            *((f"al2023-ami-{size}kernel-{kernel}", "") for size in ("", "minimal-") for kernel in ("default", "6.1")),
            ("amzn2-ami-hvm", "-gp2"),
            ("amzn2-ami-kernel-5.10-hvm", "-gp2"),
        )
    ]
    return (*ecs, *eks, *linux)
