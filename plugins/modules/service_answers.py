#!/usr/bin/python
# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: service_answers
version_added: 0.1.0
short_description: Wait until a service of this machine answers as it should
description:
  - Makes requests from the machine itself, one after the other, until each is answered as it should be.
  - >-
    Fails when time is up, or as soon as the service was started again too often: what crashes at each start is told
    within seconds, with its last lines, and not at the end of a budget that is meant for loading a model.
  - Runs on nodes and needs nothing but Python. In check mode nothing is asked.
author: Cloister contributors (@cloister)
options:
  checks:
    description: The requests, in the order in which they must come to hold.
    type: list
    elements: dict
    required: true
    suboptions:
      url:
        description: The address.
        type: str
        required: true
      method:
        description: How it is asked.
        type: str
        choices: [GET, POST]
        default: GET
      headers:
        description: Headers of the request; their values are kept out of the output.
        type: dict
      bearer_file:
        description: A file of the machine whose content is sent as a bearer token.
        type: path
      body:
        description: What is sent, as JSON.
        type: dict
      status:
        description: The status that the answer may have.
        type: list
        elements: int
      fields:
        description: >-
          What a JSON answer must hold, by dotted path, such as C(data.0.id): a value, or nothing for anything that is
          not empty.
        type: dict
      timeout_seconds:
        description: How long one answer may take.
        type: int
        default: 10
  timeout_seconds:
    description: How long all of it may take.
    type: int
    default: 60
  pause_seconds:
    description: How long to wait between two requests.
    type: float
    default: 1
  unit:
    description: The systemd unit that runs the service; its restarts are counted.
    type: str
  container:
    description: The container that Docker keeps running; its restarts are counted.
    type: str
  restarts:
    description: How many restarts are borne meanwhile.
    type: int
    default: 3
  log_lines:
    description: How many of the service's last lines a failure tells.
    type: int
    default: 20
"""

EXAMPLES = r"""
- name: Ensure the model server is ready
  cloister.aws.service_answers:
    unit: vllm
    timeout_seconds: 1800
    checks:
      - {url: "http://127.0.0.1:8000/health"}
      - {url: "http://127.0.0.1:8000/v1/models", fields: {data.0.id: llama}}
"""

RETURN = r"""
waited_seconds:
  description: How long it took until everything was answered.
  type: float
  returned: success, not in check mode
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.cloister.aws.plugins.module_utils._answers import Check, Patience, until_answered
from ansible_collections.cloister.aws.plugins.module_utils._errors import RegionError

CHECK = {
    "url": {"type": "str", "required": True},
    "method": {"type": "str", "choices": ["GET", "POST"], "default": "GET"},
    "headers": {"type": "dict", "no_log": True},
    "bearer_file": {"type": "path"},
    "body": {"type": "dict"},
    "status": {"type": "list", "elements": "int"},
    "fields": {"type": "dict"},
    "timeout_seconds": {"type": "int", "default": 10},
}
SPEC = {
    "checks": {"type": "list", "elements": "dict", "required": True, "options": CHECK},
    "timeout_seconds": {"type": "int", "default": 60},
    "pause_seconds": {"type": "float", "default": 1},
    "unit": {"type": "str"},
    "container": {"type": "str"},
    "restarts": {"type": "int", "default": 3},
    "log_lines": {"type": "int", "default": 20},
}


def said(module, *argv):
    """Return what a command prints, both ways; nothing when it cannot be run."""
    try:
        _rc, out, err = module.run_command(list(argv), errors="replace", handle_exceptions=False)
    except OSError:
        return ""
    return (out + err).strip()


def restarts(module):
    """Return how often systemd or Docker started the service again."""
    params = module.params
    if params["unit"]:
        count = said(module, "systemctl", "show", "--property", "NRestarts", "--value", params["unit"])
    elif params["container"]:
        count = said(module, "docker", "inspect", "--format", "{{.RestartCount}}", params["container"])
    else:
        return 0
    return int(count) if count.isdigit() else 0


def last_lines(module):
    """Return the service's own last lines, as far as it is known who keeps them."""
    params, lines = module.params, str(module.params["log_lines"])
    if params["unit"]:
        return said(module, "journalctl", "--no-pager", "--output", "cat", "--lines", lines, "--unit", params["unit"])
    return said(module, "docker", "logs", "--tail", lines, params["container"]) if params["container"] else ""


def wanted(entry):
    """Return a check of the arguments as one of ours."""
    fields = {path: None if value is None else str(value) for path, value in (entry["fields"] or {}).items()}
    headers = {name: str(value) for name, value in (entry["headers"] or {}).items()}
    if entry["bearer_file"]:
        with open(entry["bearer_file"], encoding="utf-8") as file:
            headers["Authorization"] = f"Bearer {file.read().strip()}"
    given = {key: entry[key] for key in ("url", "method", "body", "timeout_seconds")}
    return Check(status=tuple(entry["status"] or (200,)), fields=fields, headers=headers, **given)


def main():
    """Wait, and tell how long it took or what is wrong."""
    module = AnsibleModule(SPEC, mutually_exclusive=[("unit", "container")], supports_check_mode=True)
    params = module.params
    if module.check_mode:
        module.exit_json(changed=False)
    patience = Patience(params["timeout_seconds"], params["pause_seconds"], params["restarts"])
    try:
        checks = [wanted(entry) for entry in params["checks"]]
        waited = until_answered(checks, patience, lambda: restarts(module))
    except (RegionError, OSError) as exc:
        who = params["unit"] or params["container"] or "the service"
        module.fail_json(msg=f"{who} does not answer as it should: {exc}\n{last_lines(module)}".rstrip())
    module.exit_json(changed=False, waited_seconds=round(waited, 1))


if __name__ == "__main__":
    main()
