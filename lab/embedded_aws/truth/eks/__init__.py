# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""EKS, answered from tables of ours: moto's clusters are born active, hold no place in the network and never change."""

from __future__ import annotations

import importlib
import importlib.util

# Importing one registers its actions.
MODULES = (
    "versions",
    "clusters",
    "cluster_updates",
    "updates",
    "addons",
    "access",
    "access_policies",
    "associations",
    "nodegroups",
    "nodegroup_updates",
    "fargate",
    "tags",
)


def apply() -> None:
    """Put our actions in the place of moto's, on every path of the service; the others are not modelled."""
    from moto.eks import urls
    from moto.eks.models import EKSBackend
    from moto.eks.responses import EKSResponse

    from lab.embedded_aws.truth import apply as apply_truth
    from lab.embedded_aws.truth.eks import listing
    from lab.embedded_aws.truth.eks.base import ACTIONS, call_action, wholly_parsed
    from lab.embedded_aws.truth.patching import let_be_listed

    for service in ("ec2", "autoscaling", "logs", "sts"):
        apply_truth(service)
    for module in MODULES:
        importlib.import_module(f"{__name__}.{module}")
    listing.drop_the_rest(EKSResponse)
    urls.url_paths.clear()
    urls.url_paths["{0}/.*$"] = urls.response.dispatch
    wholly_parsed(EKSResponse)
    EKSResponse.call_action = call_action(EKSResponse.call_action)
    for name, answer in ACTIONS.items():
        setattr(EKSResponse, name, answer)
    let_be_listed(EKSBackend, "eks", listing.iter_tagged_resources)
