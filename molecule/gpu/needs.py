"""Whether this machine has GPUs and may be changed."""

from __future__ import annotations

import os

if os.environ.get("CLOISTER_GPU_MACHINE") != "yes":
    print("it changes the machine with GPUs that it runs on; say CLOISTER_GPU_MACHINE=yes where that may be")
