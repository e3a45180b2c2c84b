#!/usr/bin/python
# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: region_lock
version_added: 0.1.0
short_description: Let one run at a time change a region
description:
  - Takes, gives back or breaks the lock of a region, the SSM parameter C(/cloister/REGION_NAME/lock). It says who holds
    it, since when, and with which command.
  - While the run lives, a small process beside it puts a heartbeat on the lock every O(heartbeat_seconds). It ends with
    the run, within a second, or when the lock is given back.
  - A lock whose run died is told as such and never broken unasked.
author: Cloister contributors (@cloister)
options:
  state:
    description:
      - V(held) takes the lock, or fails in seconds and names the run that has it. A run that holds it already keeps it.
      - V(free) gives it back. The lock of another run is left alone.
      - V(broken) deletes the lock of the run O(run_id), and no other.
    type: str
    choices: [held, free, broken]
    default: held
  run_id:
    description: The run whose lock is broken, as the refusal names it.
    type: str
  heartbeat_seconds:
    description: How often the run gives a sign of life. After three missed ones it looks dead.
    type: float
    default: 30
  unlock_command:
    description: How the refusal tells a person to unlock; the id is added to it.
    type: str
    default: ansible-playbook cloister.aws.unlock -i INVENTORY
  stack:
    description: The value of the lock's ownership tag C(cloister:stack).
    type: str
    required: false
    default: region
extends_documentation_fragment:
  - cloister.aws.region
  - amazon.aws.common.modules
  - amazon.aws.region.modules
attributes:
  check_mode:
    description: Never takes, gives back or breaks it; warns when another run holds it.
    support: full
  diff_mode:
    description: There is nothing to compare.
    support: none
  idempotent:
    description: A run that holds the lock already keeps it; giving back or breaking what is gone changes nothing.
    support: full
notes:
  - The run's identity comes from the callback P(cloister.aws.report#callback), which C(ansible.cfg) enables.
"""

EXAMPLES = r"""
- name: Ensure this run holds the region's lock
  cloister.aws.region_lock:
    region_name: us
    state: held

- name: Ensure the lock of a dead run is broken
  cloister.aws.region_lock:
    region_name: us
    state: broken
    run_id: 5f0c2d1e
"""

RETURN = r"""
lock:
  description: The lock as it stands, or as it was before it was given back or broken; empty when nobody holds it.
  type: dict
  returned: success
  sample:
    run_id: 5f0c2d1e
    holder: ann@laptop
    pid: 4242
    pid_born: "1234567"
    started: "2026-11-21T09:00:00Z"
    command: ansible-playbook playbooks/provision.yml -i inventories/us
    beat_seconds: 30
    heartbeat: "2026-11-21T09:03:30Z"
    silent_seconds: 12.0
    stale: false
"""

import getpass
import os
import socket
import typing as t

from ansible_collections.cloister.aws.plugins.module_utils import _keeper
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._errors import RegionError
from ansible_collections.cloister.aws.plugins.module_utils._lock import Claim, Held, Lock, now
from ansible_collections.cloister.aws.plugins.module_utils._process import born, command
from ansible_collections.cloister.aws.plugins.module_utils._region_module import RegionModule

SPEC = {
    "state": {"type": "str", "choices": ["held", "free", "broken"], "default": "held"},
    "run_id": {"type": "str"},
    "heartbeat_seconds": {"type": "float", "default": 30},
    "unlock_command": {"type": "str", "default": "ansible-playbook cloister.aws.unlock -i INVENTORY"},
    "stack": {"type": "str", "default": "region"},
}


def claim(module: RegionModule) -> Claim:
    """Return who this run is. Raise `RegionError` when the callback has not named it."""
    run_id, pid = os.environ.get("CLOISTER_RUN_ID"), os.environ.get("CLOISTER_CONTROLLER_PID", "")
    if not run_id or not pid.isdigit():
        raise RegionError(
            "the lock needs to know which run takes it, but CLOISTER_RUN_ID and CLOISTER_CONTROLLER_PID are not set; "
            "enable the callback cloister.aws.report (callbacks_enabled in ansible.cfg)"
        )
    holder = f"{getpass.getuser()}@{socket.gethostname()}"
    beat_seconds = module.params["heartbeat_seconds"]
    return Claim(run_id, holder, int(pid), born(int(pid)), now(), command(int(pid)), beat_seconds)


def hold(module: RegionModule, lock: Lock, mine: Claim) -> bool:
    """Take the lock and have it kept alive; return whether it had to be taken."""
    changed = lock.take(mine)
    # Of its own connection: the sockets of this process are not the keeper's.
    beats = Lock(Aws(module.aws.connection, attempts=2), module.owner)
    try:
        _keeper.start(keeper(module, mine), mine.pid, mine.pid_born, mine.beat_seconds, lambda: beats.beat(mine))
    except RegionError:
        if changed:
            lock.release(mine)
        raise
    return changed


def free(module: RegionModule, lock: Lock, mine: Claim) -> bool:
    """End the heartbeat, then give the lock back; return whether it was held."""
    _keeper.stop(keeper(module, mine))
    return lock.release(mine)


def keeper(module: RegionModule, mine: Claim) -> str:
    """Return the name of this run's keeper."""
    return f"{module.owner.region}-{mine.run_id}-{mine.pid}"


def act(module: RegionModule) -> dict[str, t.Any]:
    """Do what ``state`` asks for and return the result."""
    lock = Lock(module.aws, module.owner, module.params["unlock_command"])
    state = module.params["state"]
    if state == "broken":
        broken = lock.broken(module.params["run_id"], module.check)
        return {"changed": broken is not None, "lock": broken.told() if broken else {}}
    mine = claim(module)
    found = lock.read() if module.check or state == "free" else None
    if module.check:
        ours = found is not None and found.claim.same_run(mine)
        if state == "held" and found and not ours:
            module.warn(lock.refusal(found))
        return {"changed": ours if state == "free" else found is None, "lock": found.told() if found else {}}
    if state == "free":
        return {"changed": free(module, lock, mine), "lock": found.told() if found else {}}
    changed = hold(module, lock, mine)
    return {"changed": changed, "lock": Held(mine, mine.started).told()}


def main() -> None:
    """Read arguments, act, report."""
    module = RegionModule(SPEC, required_if=[("state", "broken", ["run_id"])])
    try:
        result = act(module)
    except RegionError as exc:
        module.ansible.fail_json(msg=str(exc))
    module.ansible.exit_json(**result)


if __name__ == "__main__":
    main()
