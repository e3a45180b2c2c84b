"""Whether this machine has GPUs and may be changed."""

from __future__ import annotations

import os
import shutil

if not shutil.which("nvidia-smi"):
    print("it is for machines with GPUs, and nvidia-smi is not here")
elif os.environ.get("CLOISTER_GPU_MACHINE") != "yes":
    print("it changes the machine that it runs on; say CLOISTER_GPU_MACHINE=yes where that may be")
