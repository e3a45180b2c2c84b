# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""RDS: MySQL and PostgreSQL instances with what they stand on, from creating to gone."""

from __future__ import annotations


def apply() -> None:
    """Put our answers in the place of moto's; Aurora, replicas and proxies stay moto's own."""
    from lab.embedded_aws.truth.rds import (
        catalogue,
        deleting,
        instances,
        modifying,
        parameters,
        subnet_groups,
        underneath,
    )

    for truth in (underneath, subnet_groups, parameters, catalogue, instances, modifying, deleting):
        truth.apply()
