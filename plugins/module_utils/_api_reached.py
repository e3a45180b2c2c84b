# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether those who are to use a cluster's API reach it by its own name; only reads, and judges what was read."""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._errors import RegionError
from ansible_collections.cloister.aws.plugins.module_utils._names import Names
from ansible_collections.cloister.aws.plugins.module_utils._region_module import RegionModule
from ansible_collections.cloister.aws.plugins.module_utils._unknown import is_unknown
from ansible_collections.cloister.aws.plugins.module_utils.kinds.eks_cluster import EksCluster
from ansible_collections.cloister.aws.plugins.module_utils.kinds.security_group import SecurityGroup
from ansible_collections.cloister.aws.plugins.module_utils.kinds.subnet import Subnet
from ansible_collections.cloister.aws.plugins.module_utils.kinds.vpc import Vpc
from ansible_collections.cloister.aws.plugins.module_utils.reachability import clusters
from ansible_collections.cloister.aws.plugins.module_utils.reachability.flow import Vantage, reach
from ansible_collections.cloister.aws.plugins.module_utils.reachability.read import KINDS, read
from ansible_collections.cloister.aws.plugins.module_utils.reachability.verdict import Verdict

PORT = 443
Entry = t.Mapping[str, t.Any]


class Way(t.NamedTuple):
    """From where, and how far it gets."""

    consumer: str
    subnet: str
    verdict: Verdict

    def told(self) -> dict[str, t.Any]:
        """Return it as plain data."""
        return {"consumer": self.consumer, "subnet": self.subnet, **self.verdict.told()}


def ways(module: RegionModule) -> tuple[str, list[Way]]:
    """Return the API's own name and all consumers' ways to it; none where a plan has yet to make what they need."""
    names, consumers = module.names, module.params["consumers"]
    names.read(EksCluster, Vpc, Subnet, SecurityGroup)
    cluster = names.found(EksCluster, module.params["cluster"])
    if cluster is None or not cluster.raw.get("endpoint"):
        if module.check:
            return "", []
        raise RegionError(f"EKS cluster {module.params['cluster']} has no API yet; run its stack first")
    vantages = [
        (entry["name"], subnet, _vantage(entry, subnet, names)) for entry in consumers for subnet in entry["subnets"]
    ]
    vpcs = {vantage.vpc_id for _name, _subnet, vantage in vantages} | {cluster.raw["resourcesVpcConfig"]["vpcId"]}
    if any(is_unknown(vpc) for vpc in vpcs):
        return "", []
    snapshot = read(module.aws, sorted(vpcs), kinds=KINDS)
    host = clusters.host_of(cluster.raw)
    judged = [
        Way(name, subnet, reach(snapshot, vantage, host, PORT))
        for name, subnet, vantage in vantages
        if not is_unknown([vantage.subnet_id, *vantage.security_groups])
    ]
    return host, judged


def _vantage(entry: Entry, subnet: str, names: Names) -> Vantage:
    # What the client's own groups let out is asked where they are named.
    groups = tuple(names.ids(SecurityGroup, entry["security_groups"]))
    return Vantage(names.id(Vpc, entry["vpc"]), names.id(Subnet, subnet), groups, filtered=bool(groups))


def complaint(cluster: str, host: str, broken: t.Sequence[Way]) -> str:
    """Return what to say of ways that do not lead there: how far each gets, what is innocent, what to do."""
    lines = [f"the API of cluster {cluster} is not reached by its own name {host}:"]
    for way in broken:
        told = way.verdict.told()
        said = f"{told['stage']}: {told['cause']}: {told['said']}; {told['fix']}"
        lines.append(f"from {way.consumer} ({way.subnet}): {said}")
        lines += [f"  innocent: {step}" for step in told["cleared"]]
    return "\n".join(lines)
