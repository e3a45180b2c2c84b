# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""`python -m lab.vllm_cpu`: make the engine and its model; prints where they are."""

from __future__ import annotations

from lab.vllm_cpu import ensure

print(ensure())
