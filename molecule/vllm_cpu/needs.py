"""Whether the CPU build of vLLM is there, or can and may be made: that downloads three gigabytes."""

from __future__ import annotations

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from lab.vllm_cpu import missing, stands

if reason := missing():
    print(reason)
elif not stands() and os.environ.get("CLOISTER_VLLM_CPU") != "yes":
    print("it downloads three gigabytes first; say CLOISTER_VLLM_CPU=yes where that may be")
