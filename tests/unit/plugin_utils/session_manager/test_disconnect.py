"""The reason that ssh shows: read as an SSH client reads it, and by ssh itself."""

from __future__ import annotations

import shlex
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.cloister.aws.plugins.plugin_utils.session_manager import disconnect as module
from ansible_collections.cloister.aws.plugins.plugin_utils.session_manager.disconnect import disconnect
from hypothesis import given
from hypothesis import strategies as st


@given(st.text())
def test_it_is_a_packet_of_ssh(reason: str) -> None:
    version, _line, packet = disconnect(reason).partition(b"\r\n")
    assert version == b"SSH-2.0-cloister"
    length, padding = struct.unpack_from(">IB", packet)
    assert len(packet) == 4 + length
    assert len(packet) % 8 == 0
    assert padding >= 4
    kind, _code, size = struct.unpack_from(">BII", packet, 5)
    assert kind == 1
    whole, said = " ".join(reason.split()), packet[14 : 14 + size].decode()
    assert said == whole or (whole.startswith(said) and size > module._MOST_BYTES - 4), "only what is long is cut"


@pytest.mark.parametrize("persists", [True, False])
def test_ssh_shows_the_reason_even_where_it_hides_its_proxys_errors(tmp_path: Path, persists: bool) -> None:
    program = tmp_path / "proxy.py"
    program.write_text(
        f"import sys\nsys.path.insert(0, {str(Path(module.__file__).parents[6])!r})\n"
        "from ansible_collections.cloister.aws.plugins.plugin_utils.session_manager.stdio import Pipes\n"
        # As ours, which asks AWS first: by then ssh has said who it is.
        "sys.stdin.buffer.readline()\nPipes(10, None).refuse('the node is\\nnot there')\n"
    )
    proxy = shlex.join([sys.executable, str(program)])
    command = ["ssh", "-F", "none", "-o", f"ProxyCommand={proxy}", "-o", "BatchMode=yes"]
    if persists:
        command += ["-o", "ControlMaster=auto", "-o", "ControlPersist=1", "-o", f"ControlPath={tmp_path}/s"]
    ran = subprocess.run([*command, "node", "true"], capture_output=True, text=True, timeout=30)
    assert ran.returncode == 255
    assert "the node is not there" in ran.stderr
