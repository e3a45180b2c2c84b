# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The first half of load balancers: addresses, then balancers and target groups side by side; nothing is removed."""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils import _balancer_wants as balancer_wants
from ansible_collections.cloister.aws.plugins.module_utils._aws import each
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


def bring_about(module: RegionModule) -> Outcome:
    """Bring about what `load_balancers` lists, or in check mode predict it; raise `RegionError` for what is refused."""
    beginning = Beginning(module)
    beginning.read()
    return in_turn([beginning.addresses, beginning.balancers_and_groups], module.check)


class Beginning:
    """The stages of `load_balancers`, over what was read once."""

    def __init__(self, module: RegionModule) -> None:
        self._names, self._region = module.names, module.owner.region
        self._balancers: list[dict[str, t.Any]] = module.params["load_balancers"]
        self._groups: list[dict[str, t.Any]] = module.params["target_groups"]
        self._vpc: str = module.params["vpc"]
        self._adopted: t.Mapping[str, str] = module.params["region_adopted"].get(ElasticIp.noun, {})
        self._kinds: tuple[Kind, ...] = (module.kind(ElasticIp), module.kind(LoadBalancer), module.kind(TargetGroup))
        self._found: dict[str, t.Sequence[Found]] = {}
        self.allocations: dict[str, str] = {}

    def read(self) -> None:
        """Read what stands and what is named, in one round trip's time."""
        named: list[type[Kind]] = [Subnet, SecurityGroup] if self._balancers else []
        named += [Vpc] if self._groups else []
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
