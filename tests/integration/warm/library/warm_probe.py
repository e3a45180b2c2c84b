# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Tell everything about the process that runs it."""

from __future__ import annotations

import os
import resource
import signal
import sys
import tempfile
import threading
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule


def process():
    mask = os.umask(0)
    os.umask(mask)
    return {
        "environ": dict(os.environ),
        "cwd": os.getcwd(),
        "umask": mask,
        "argv": sys.argv,
        "orig_argv": sys.orig_argv,
        "path": [entry for entry in sys.path if "_payload_" not in entry],
        "flags": str(sys.flags),
        "executable": sys.executable,
        "encodings": [f"{stream.encoding} {stream.errors}" for stream in (sys.stdin, sys.stdout, sys.stderr)],
        "stdin": sys.stdin.read(),
        "descriptors": sorted(os.listdir("/proc/self/fd")),
        "signals": {str(number): str(signal.getsignal(number)) for number in signal.valid_signals()},
        "mask": sorted(signal.pthread_sigmask(signal.SIG_BLOCK, [])),
        "limits": {name: resource.getrlimit(getattr(resource, name)) for name in dir(resource) if "RLIMIT" in name},
        "tempdir": tempfile.gettempdir(),
        "threads": threading.active_count(),
        "ids": [os.getuid(), os.geteuid(), os.getgid(), os.getegid(), os.getgroups()],
        "niceness": os.nice(0),
    }


def main():
    module = AnsibleModule(
        argument_spec={
            "text": {"default": ""},
            "secret": {"no_log": True},
            "rc": {"type": "int"},
            "old": {"removed_in_version": "99.0.0", "removed_from_collection": "ansible.builtin"},
        },
        supports_check_mode=True,
    )
    module.warn("be warned")
    module.deprecate("so old", version="99.0.0")
    result = {
        "changed": True,
        "text": module.params["text"],
        "secret_came": module.params["secret"],
        "check": module.check_mode,
        "diff_wanted": module._diff,
        "verbosity": module._verbosity,
        "tmpdir": os.path.dirname(module.tmpdir),
        "process": process(),
        "boto3_is_there": "boto3" in sys.modules,
        "parent": Path(f"/proc/{os.getppid()}/cmdline").read_text(),
        "parent_pid": os.getppid(),
        "imported": sorted(name for name in sys.modules if name.startswith("ansible")),
    }
    if module._diff:
        result["diff"] = {"before": "a\n", "after": "ü\n"}
    if module.params["rc"] is not None:
        module.fail_json(msg="asked to fail", rc=module.params["rc"], **result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
