# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""End in every way a module should not."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

from ansible.module_utils.basic import AnsibleModule


def daemon(_module):
    """Leave a process behind that holds standard output for two seconds."""
    subprocess.Popen(["sleep", "2"])
    print(json.dumps({"changed": False}))
    sys.exit(0)


def sleep(module):
    """Write down our process and a child's, then hang."""
    child = subprocess.Popen(["sleep", "300"])
    with open(f"{module.params['note']}.new", "w") as note:
        json.dump({"pids": [os.getpid(), child.pid], "server": os.getppid()}, note)
    os.rename(f"{module.params['note']}.new", module.params["note"])
    time.sleep(300)


def big(module):
    """Ten million bytes in the result, and as many on standard error."""
    sys.stderr.write("e" * 10_000_000)
    module.exit_json(changed=False, big="b" * 10_000_000)


def kill_parent(_module):
    """Take the server along; in a plain run that would be Ansible's worker."""
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(300)


WAYS = {
    "raise": lambda _module: {}["missing ü"],
    "exit_text": lambda _module: sys.exit("last words"),
    "exit_code": lambda _module: sys.exit(3),
    "os_exit": lambda _module: os._exit(4),
    "segfault": lambda _module: os.kill(os.getpid(), signal.SIGSEGV),
    "sigkill": lambda _module: os.kill(os.getpid(), signal.SIGKILL),
    "interrupt": lambda _module: os.kill(os.getpid(), signal.SIGINT),
    "no_json": lambda _module: print("no json") or sys.exit(0),
    "no_utf8": lambda _module: sys.stdout.buffer.write(b"\xff\xfe\n") and sys.exit(1),
    "fall_off": lambda _module: None,
    "daemon": daemon,
    "sleep": sleep,
    "big": big,
    "kill_parent": kill_parent,
}


def main():
    module = AnsibleModule(argument_spec={"way": {"required": True, "choices": list(WAYS)}, "note": {"type": "path"}})
    WAYS[module.params["way"]](module)


if __name__ == "__main__":
    main()
