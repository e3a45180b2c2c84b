# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rules between variables, a file for each subject; none of them knows Ansible or AWS."""

from __future__ import annotations

from ansible_collections.cloister.aws.plugins.plugin_utils.spec.computed import complete
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.problems import Problem
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.region import Region
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules import (
    addresses,
    audit,
    certificates,
    databases,
    dns,
    ecs,
    edge,
    eks,
    eks_apps,
    eks_inner,
    endpoints,
    flows,
    identity,
    images,
    listeners,
    load_balancers,
    names,
    operator,
    pools,
    private_api,
    registry,
    schedule,
    security_groups,
    shared,
    target_groups,
    ways,
    zones,
)

SUBJECTS = (
    shared,
    names,
    addresses,
    zones,
    ways,
    endpoints,
    security_groups,
    dns,
    identity,
    certificates,
    registry,
    audit,
    schedule,
    databases,
    operator,
    pools,
    images,
    ecs,
    eks,
    eks_inner,
    eks_apps,
    private_api,
    load_balancers,
    listeners,
    target_groups,
    edge,
    flows,
)


def judge(region: Region) -> list[Problem]:
    """Return whatever any rule finds wrong with a region."""
    whole, problems = complete(region)
    return problems + [problem for subject in SUBJECTS for problem in subject.rules(whole)]
