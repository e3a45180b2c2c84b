# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Kubernetes versions of EKS, with their support as of the first release of images that this AWS knows.

https://docs.aws.amazon.com/eks/latest/userguide/kubernetes-versions.html has the dates, but those of 1.36.
"""

from __future__ import annotations

import datetime
import typing as t

from lab.embedded_aws.truth.eks.base import Body, Response, action, invalid, page, params
from lab.embedded_aws.truth.public_images import FIRST_RELEASE


class Version(t.NamedTuple):
    """A minor version: patch, platform, and when it came and its standard and extended support end."""

    patch: int
    platform: int
    released: datetime.date
    standard_until: datetime.date
    extended_until: datetime.date

    @property
    def status(self) -> str:
        if self.extended_until < FIRST_RELEASE:
            return "UNSUPPORTED"
        return "STANDARD_SUPPORT" if self.standard_until >= FIRST_RELEASE else "EXTENDED_SUPPORT"


def _day(text: str) -> datetime.date:
    return datetime.date.fromisoformat(text)


VERSIONS = {
    "1.36": Version(1, 5, _day("2026-06-02"), _day("2027-08-02"), _day("2028-08-02")),
    "1.35": Version(3, 12, _day("2026-01-27"), _day("2027-03-27"), _day("2028-03-27")),
    "1.34": Version(6, 22, _day("2025-10-02"), _day("2026-12-02"), _day("2027-12-02")),
    "1.33": Version(10, 36, _day("2025-05-29"), _day("2026-07-29"), _day("2027-07-29")),
    "1.32": Version(13, 43, _day("2025-01-23"), _day("2026-03-23"), _day("2027-03-23")),
    "1.31": Version(14, 59, _day("2024-09-26"), _day("2025-11-26"), _day("2026-11-26")),
    "1.30": Version(14, 67, _day("2024-05-23"), _day("2025-07-23"), _day("2026-07-23")),
}
DEFAULT = "1.36"
STATUSES = {
    "standard-support": "STANDARD_SUPPORT",
    "extended-support": "EXTENDED_SUPPORT",
    "unsupported": "UNSUPPORTED",
}


def supported() -> list[str]:
    """What a cluster may be made with: any version in standard or extended support."""
    return [name for name, version in VERSIONS.items() if version.status != "UNSUPPORTED"]


def check(version: str) -> str:
    if version not in supported():
        invalid("unsupported Kubernetes version")
    return version


def platform(version: str) -> str:
    return f"eks.{VERSIONS[version].platform}"


def minor(version: str) -> int:
    """34 of 1.34."""
    return int(version.partition(".")[2])


def next_of(version: str) -> str:
    return f"1.{minor(version) + 1}"


def view(name: str) -> Body:
    version = VERSIONS[name]
    return {
        "clusterVersion": name, "clusterType": "eks", "defaultPlatformVersion": platform(name),
        "defaultVersion": name == DEFAULT, "releaseDate": _moment(version.released),
        "endOfStandardSupportDate": _moment(version.standard_until),
        "endOfExtendedSupportDate": _moment(version.extended_until),
        "status": version.status.lower().replace("_", "-"), "versionStatus": version.status,
        "kubernetesPatchVersion": f"{name}.{version.patch}",
    }  # fmt: skip


def _moment(day: datetime.date) -> datetime.datetime:
    return datetime.datetime.combine(day, datetime.time(), datetime.UTC)


@action
def describe_cluster_versions(response: Response) -> t.Any:
    given = params(response)
    if given.get("clusterType") not in (None, "eks"):
        return page(given, [], "clusterVersions")
    wanted = given.get("versionStatus") or STATUSES.get(str(given.get("status")))
    for name in given.get("clusterVersions") or []:
        if name not in VERSIONS:
            invalid(f"Unsupported cluster version: {name}")
    names = given.get("clusterVersions") or (list(VERSIONS) if given.get("includeAll") or wanted else supported())
    if given.get("defaultOnly"):
        names = [DEFAULT]
    found = [view(name) for name in names if wanted is None or VERSIONS[name].status == wanted]
    return page(given, found, "clusterVersions")
