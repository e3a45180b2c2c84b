"""Whether the CPU build of vLLM is there, or can be made."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from lab.vllm_cpu import missing

print(missing() or "")
