# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Classic load balancing shares its endpoint with v2: moto knows the calls apart by their version."""

from __future__ import annotations


def apply() -> None:
    from lab.embedded_aws.truth import apply as apply_truth

    apply_truth("elbv2")
