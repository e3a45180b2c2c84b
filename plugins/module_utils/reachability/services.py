# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether AWS's own services are reached from a place, and what a task needs of them before it runs.

https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html: image layers come from S3.
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/vpc-endpoints.html
"""

from __future__ import annotations

import typing as t
from dataclasses import replace

from ansible_collections.cloister.aws.plugins.module_utils._service_names import dns_names
from ansible_collections.cloister.aws.plugins.module_utils.reachability import flow, names
from ansible_collections.cloister.aws.plugins.module_utils.reachability.endpoints import EVERYWHERE, Place
from ansible_collections.cloister.aws.plugins.module_utils.reachability.snapshot import Region, Snapshot
from ansible_collections.cloister.aws.plugins.module_utils.reachability.vantage import Vantage
from ansible_collections.cloister.aws.plugins.module_utils.reachability.verdict import Verdict

ORDER = ("secretsmanager", "ssm", "kms", "ecr.api", "ecr.dkr", "s3", "registry", "logs")
"""In the order in which ECS asks: what secrets hold, who may pull, manifests, layers, and where to write."""
HTTPS = 443
_HUB = "registry-1.docker.io"


def host_of(service: str, region: Region) -> str:
    """Return the name that a client asks for a service; a name that begins with ``registry:`` is its own host."""
    if service.startswith("registry:"):
        return service.partition(":")[2]
    name = dns_names(service, region.name, region.partition)[0]
    if service == "s3":
        # The bucket in which ECR keeps layers.
        return f"prod-{region.name}-starport-layer-bucket.{name}"
    owner = next((str(vpc["OwnerId"]) for vpc in region.all("vpcs") if vpc.get("OwnerId")), "account")
    return name.replace("*", owner)


def reach_service(snapshot: Snapshot, vantage: Vantage, service: str) -> Verdict:
    """Return whether an AWS service, named as in ``ecr.api``, is reached on port 443."""
    region = Region(snapshot)
    host = host_of(service, region)
    answer = names.resolve(region, vantage.vpc_id, host)
    places = tuple(_as_service(region, place, service) for place in answer.places)
    return flow.judge(region, vantage, replace(answer, places=places), host, HTTPS)


def _as_service(region: Region, place: Place, service: str) -> Place:
    if place.address != EVERYWHERE:
        return place
    lists = [one for one in region.all("prefix_lists") if str(one.get("PrefixListName")).endswith(f".{service}")]
    listed = str(lists[0].get("PrefixListId")) if lists else ""
    own = "" if service.startswith("registry:") else service
    return replace(place, service=own, prefix_list=listed, said=f"{service.removeprefix('registry:')} in public")


def start_needs(
    images: t.Iterable[str], logs: bool = False, secrets: bool = False, parameters: bool = False
) -> list[str]:
    """Return the services that a task needs before its containers run, in the order in which ECS asks them.

    ``images`` are full references; one outside of ECR needs its registry, written ``registry:<host>``.
    """
    needs = {"secretsmanager"} if secrets else set()
    needs |= {"ssm"} if parameters else set()
    needs |= {"logs"} if logs else set()
    for image in images:
        needs |= set(_image_needs(image))
    return sorted(needs, key=lambda need: (ORDER.index(need.partition(":")[0]), need))


def _image_needs(image: str) -> tuple[str, ...]:
    first, slash, _path = image.partition("/")
    if ".dkr.ecr." in first or ".dkr-ecr." in first:
        return "ecr.api", "ecr.dkr", "s3"
    host = first if slash and ("." in first or ":" in first) else _HUB
    return (f"registry:{host.partition(':')[0]}",)


def blocked_start(snapshot: Snapshot, vantage: Vantage, needs: t.Sequence[str]) -> list[Verdict]:
    """Return the verdicts on the needs that are not reached, in order; none when a task can start."""
    verdicts = [reach_service(snapshot, vantage, need) for need in needs]
    return [found for found in verdicts if not found.reached]
