#!/usr/bin/python
# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: helm_freed
version_added: 0.1.0
short_description: Free the Helm releases that a killed run left half-way
description:
  - Helm marks a release as pending while it works on it, and refuses other changes meanwhile. When it is killed the
    mark stays. This takes such a release back to the revision before; of a first revision nothing stays.
  - Only releases that are named are touched.
author: Cloister contributors (@cloister)
options:
  releases:
    description: The releases that are ours, C(name) and C(namespace).
    type: list
    elements: dict
    required: true
  kubeconfig:
    description: How the Kubernetes API is reached.
    type: dict
    required: true
  helm:
    description: Where the program is.
    type: path
    required: true
attributes:
  check_mode:
    description: Says what would be freed.
    support: full
  diff_mode:
    description: There is nothing to compare.
    support: none
"""

EXAMPLES = r"""
- name: Ensure no release is held by a run that died
  cloister.aws.helm_freed:
    releases: [{name: argocd, namespace: argocd}]
    kubeconfig: "{{ composed.kubeconfig }}"
    helm: /usr/bin/helm
"""

RETURN = r"""
freed:
  description: The releases that were, or in check mode would be, freed.
  type: list
  elements: dict
  returned: success
"""

import json
import os
import tempfile

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.cloister.aws.plugins.module_utils._helm import Run, free, pending

SPEC = {
    "releases": {"type": "list", "elements": "dict", "required": True},
    "kubeconfig": {"type": "dict", "required": True},
    "helm": {"type": "path", "required": True},
}


def main() -> None:
    """Look, free, report."""
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    ours = {(one["name"], one["namespace"]) for one in module.params["releases"]}
    run = helm(module)
    try:
        found = [one for one in pending(run) if (one.name, one.namespace) in ours]
        for one in () if module.check_mode else found:
            free(run, one)
    except ValueError as exc:
        module.fail_json(msg=str(exc))
    module.exit_json(changed=bool(found), freed=[one._asdict() for one in found])


def helm(module: AnsibleModule) -> Run:
    """Return what runs Helm on the cluster, by a kubeconfig that goes when the module ends."""
    handle, path = tempfile.mkstemp()
    with os.fdopen(handle, "w") as file:
        json.dump(module.params["kubeconfig"], file)
    module.add_cleanup_file(path)
    program = module.params["helm"]

    def run(arguments: list[str]) -> tuple[int, str, str]:
        rc, out, err = module.run_command([program, *arguments], environ_update={"KUBECONFIG": path})
        return rc, out, err

    return run


if __name__ == "__main__":
    main()
