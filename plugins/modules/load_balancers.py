#!/usr/bin/python
# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: load_balancers
version_added: 0.1.0
short_description: Start load balancers and make target groups
description:
  - Makes the load balancers and target groups that are listed, and the Elastic IPs of network load balancers, and
    changes those that differ. Load balancers take AWS one to three minutes and are not waited for.
  - Nothing is removed, and no listener is opened. M(cloister.aws.listeners) does both, takes the same lists and ends
    what this module begins.
  - AWS never lets type and scheme of a load balancer be changed, nor protocol, port, VPC and target type of a target
    group; that is refused with what to do instead. A network load balancer changes its subnets, but for another subnet
    or another Elastic IP in a zone that it stays in.
author: Cloister contributors (@cloister)
extends_documentation_fragment:
  - cloister.aws.load_balancers
  - cloister.aws.target_groups
  - cloister.aws.region
  - amazon.aws.common.modules
  - amazon.aws.region.modules
"""

EXAMPLES = r"""
- name: Ensure the load balancer is on its way and its targets have a group
  cloister.aws.load_balancers:
    region_name: us
    stack: load_balancers
    target_groups:
      - {name: guard-public, protocol: HTTP, port: 8080, health_check: {path: /health}}
    load_balancers:
      - name: public
        scheme: internet-facing
        subnets: [public-a, public-b]
        security_groups: [public-alb]
"""

RETURN = r"""
ids:
  description: ARNs of the load balancers by name.
  type: dict
  returned: success
  sample: {public: "arn:<partition>:elasticloadbalancing:us-west-2:111122223333:loadbalancer/app/us-public/0a1b2c"}
target_group_ids:
  description: ARNs of the target groups by name.
  type: dict
  returned: success
members:
  description: >-
    What became of each thing (C(create), C(change), C(keep)), with the fields that changed. C(shows.dns_name) and
    C(shows.zone_id) of a load balancer are what an alias record needs.
  type: list
  elements: dict
  returned: always
"""

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils import _balancer_wants as balancer_wants
from ansible_collections.cloister.aws.plugins.module_utils._aws import each
from ansible_collections.cloister.aws.plugins.module_utils._balancer_arguments import SPEC
from ansible_collections.cloister.aws.plugins.module_utils._errors import RegionError
from ansible_collections.cloister.aws.plugins.module_utils._kind import Found, Kind, Want
from ansible_collections.cloister.aws.plugins.module_utils._reconcile import Outcome, reconcile
from ansible_collections.cloister.aws.plugins.module_utils._region_module import RegionModule
from ansible_collections.cloister.aws.plugins.module_utils._stages import in_turn, merged
from ansible_collections.cloister.aws.plugins.module_utils.kinds import target_group
from ansible_collections.cloister.aws.plugins.module_utils.kinds.elastic_ip import ElasticIp
from ansible_collections.cloister.aws.plugins.module_utils.kinds.load_balancer import LoadBalancer
from ansible_collections.cloister.aws.plugins.module_utils.kinds.security_group import SecurityGroup
from ansible_collections.cloister.aws.plugins.module_utils.kinds.subnet import Subnet
from ansible_collections.cloister.aws.plugins.module_utils.kinds.target_group import TargetGroup
from ansible_collections.cloister.aws.plugins.module_utils.kinds.vpc import Vpc


class Beginning:
    """What the module brings about: Elastic IPs, then load balancers and target groups side by side."""

    def __init__(self, module: RegionModule) -> None:
        self._names, self._region = module.names, module.owner.region
        self._balancers: list[dict[str, t.Any]] = module.params["load_balancers"]
        self._groups: list[dict[str, t.Any]] = module.params["target_groups"]
        self._vpc: str = module.params["vpc"]
        self._adopted: t.Mapping[str, str] = module.params["region_adopted"].get(ElasticIp.noun, {})
        self._kinds: tuple[Kind, ...] = tuple(map(module.kind, (ElasticIp, LoadBalancer, TargetGroup)))
        self._found: dict[str, t.Sequence[Found]] = {}
        self.allocations: dict[str, str] = {}

    def read(self) -> None:
        """Read what stands and what is named, in one round trip's time."""
        named = ([Subnet, SecurityGroup] if self._balancers else []) + ([Vpc] if self._groups else [])
        with_addresses = any(balancer["addresses"] for balancer in self._balancers)
        kinds = self._kinds if with_addresses else self._kinds[1:]
        each(lambda read: read(), [lambda: self._names.read(*named), *(self._reading(kind) for kind in kinds)])

    def _reading(self, kind: Kind) -> t.Callable[[], None]:
        def read() -> None:
            self._found[kind.noun] = kind.find()

        return read

    def addresses(self, check: bool) -> Outcome:
        """Bring about the Elastic IPs."""
        wanted = balancer_wants.addresses(self._balancers, self._names)
        outcome = self._reconcile(self._kinds[0], wanted, check)
        self.allocations = {**outcome.ids, **self._adopted}
        return outcome

    def balancers_and_groups(self, check: bool) -> Outcome:
        """Bring about load balancers and target groups."""
        names, region = self._names, self._region
        balancers = [balancer_wants.balancer(entry, names, region, self.allocations) for entry in self._balancers]
        groups = [target_group.want(entry, names, region, self._vpc) for entry in self._groups]
        pairs = zip(self._kinds[1:], (balancers, groups), strict=True)
        return merged(each(lambda pair: self._reconcile(*pair, check), list(pairs)))

    def _reconcile(self, kind: Kind, wanted: t.Sequence[Want], check: bool) -> Outcome:
        return reconcile(kind, wanted, check, wait=False, purge=False, found=self._found.get(kind.noun, ()))


def main() -> None:
    """Read arguments, bring it about, report."""
    module = RegionModule(SPEC)
    beginning = Beginning(module)
    try:
        beginning.read()
        outcome = in_turn([beginning.addresses, beginning.balancers_and_groups], module.check)
    except RegionError as exc:
        module.ansible.fail_json(msg=str(exc))
    ids = {
        kind.noun: {member.part: member.id for member in outcome.members if member.kind == kind.noun}
        for kind in (LoadBalancer, TargetGroup)
    }
    module.finish(outcome, ids=ids[LoadBalancer.noun], target_group_ids=ids[TargetGroup.noun])


if __name__ == "__main__":
    main()
