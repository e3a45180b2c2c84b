#!/usr/bin/python
# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: eks_releases
version_added: 0.1.0
short_description: Compose the Helm releases of a cluster from what stands
description:
  - Looks at a cluster and at the roles of its service accounts, and composes what M(kubernetes.core.helm) is given,
    release by release, in the order in which they work. Those that are to be gone come first, last one first.
  - Says how the cluster's Kubernetes API is reached from here, and whether it is. A rehearsal has none; on AWS an API
    that is not reached is an error that says how to get there.
author: Cloister contributors (@cloister)
options:
  cluster:
    description: Logical name of the cluster.
    type: str
    required: true
  server:
    description: Where its Kubernetes API is reached instead, such as the near end of a tunnel, C(https://localhost:8443).
    type: str
    default: ""
  token_command:
    description:
      - A command that prints a token as a credential plugin of Kubernetes does, given C(--cluster) and C(--region).
    type: list
    elements: str
    required: true
  helm:
    description: Where the program is that the releases are made with.
    type: path
    required: true
  objects_chart:
    description: The chart that takes Kubernetes objects as they are, in its value C(objects).
    type: path
    required: true
  apps:
    description:
      - What is said of each app that is known, by its name, C(load_balancer_controller), C(nvidia_device_plugin),
        C(external_secrets), C(argocd) and C(argocd_image_updater). Each may have C(enabled), C(version), C(chart),
        C(namespace), C(service_account) and C(values).
    type: dict
    default: {}
  storage_class:
    description:
      - The storage class of volumes in EBS, C(name), C(default), C(type), C(kms_key_arn), C(reclaim), C(parameters).
    type: dict
    default: {}
  releases:
    description: Further releases, each with C(name), C(namespace), C(chart), C(repository), C(version), C(values).
    type: list
    elements: dict
    default: []
  objects:
    description: Kubernetes objects that come last.
    type: list
    elements: dict
    default: []
extends_documentation_fragment:
  - cloister.aws.region
  - cloister.aws.region.reading
  - amazon.aws.common.modules
  - amazon.aws.region.modules
"""

EXAMPLES = r"""
- name: Compose what runs in the cluster
  cloister.aws.eks_releases:
    region_name: kr
    stack: eks_apps
    cluster: main
    token_command: [python3, files/eks_token.py]
    helm: /usr/bin/helm
    objects_chart: files/objects
    apps:
      load_balancer_controller: {enabled: true, service_account: load-balancer-controller}
  register: composed
"""

RETURN = r"""
releases:
  description:
    - The releases, each with C(name), C(namespace), C(state), C(chart), C(repository), C(version) and C(values).
  type: list
  elements: dict
  returned: success
kubeconfig:
  description: How the API is reached. It holds no token, but the command that asks for one.
  type: dict
  returned: success
answers:
  description: Whether there is an API to give the releases to.
  type: bool
  returned: success
why:
  description: Why there is none; empty when there is.
  type: str
  returned: success
"""

import os

from ansible_collections.cloister.aws.plugins.module_utils._cluster_access import (
    Cluster,
    how_to_reach,
    kubeconfig,
    rehearsed,
    unreached,
)
from ansible_collections.cloister.aws.plugins.module_utils._eks_apps import APPS, Ground, compose
from ansible_collections.cloister.aws.plugins.module_utils._eks_ground import irsa_roles, standing
from ansible_collections.cloister.aws.plugins.module_utils._errors import RegionError
from ansible_collections.cloister.aws.plugins.module_utils._region_module import RegionModule
from ansible_collections.cloister.aws.plugins.module_utils._unknown import is_unknown

SPEC = {
    "cluster": {"type": "str", "required": True},
    "server": {"type": "str", "default": ""},
    "token_command": {"type": "list", "elements": "str", "required": True, "no_log": False},
    "helm": {"type": "path", "required": True},
    "objects_chart": {"type": "path", "required": True},
    "apps": {"type": "dict", "default": {}},
    "storage_class": {"type": "dict", "default": {}},
    "releases": {"type": "list", "elements": "dict", "default": []},
    "objects": {"type": "list", "elements": "dict", "default": []},
}


def main() -> None:
    """Read, compose, see whether the API answers."""
    module = RegionModule(SPEC)
    p = module.params
    apps = {
        name: {"enabled": False, "service_account": app.identity, **p["apps"].get(name, {})}
        for name, app in APPS.items()
    }
    try:
        found = standing(module.aws, module.owner, p["cluster"], module.check)
        roles = irsa_roles(module.names, p["cluster"], apps)
        ground = Ground(found.name, found.aws_region, found.vpc_id, module.owner.region, module.owner.tags, roles)
        said = {**apps, "storage_class": p["storage_class"], "releases": p["releases"], "objects": p["objects"]}
        releases = compose(said, ground, p["objects_chart"])
        why = silent(module, found)
    except RegionError as exc:
        module.ansible.fail_json(msg=str(exc))
    config = kubeconfig(found, p["server"], p["token_command"])
    module.ansible.exit_json(changed=False, releases=releases, kubeconfig=config, answers=not why, why=why)


def silent(module: RegionModule, found: Cluster) -> str:
    """Return why there is no Kubernetes API to speak to; raise RegionError when there should be one."""
    server: str = module.params["server"]
    if not server and is_unknown(found.endpoint):
        return f"{found.name} does not stand yet"
    endpoint_url = module.aws.connection.endpoint_url or os.environ.get("AWS_ENDPOINT_URL")
    if not server and rehearsed(endpoint_url):
        return "this is a rehearsal, and a cluster on the embedded AWS runs no Kubernetes"
    why = unreached(server or found.endpoint)
    if why:
        raise RegionError(how_to_reach(found, why))
    if not os.access(module.params["helm"], os.X_OK):
        raise RegionError(
            f"the releases of {found.name} are made with helm, and there is none at {module.params['helm']}: it comes "
            "with requirements.txt on Linux with x86_64; elsewhere install it, and say where it is in eks_apps_helm"
        )
    return ""


if __name__ == "__main__":
    main()
