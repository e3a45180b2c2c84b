# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How a transport tells ssh why there is no connection.

Under ControlPersist ssh sends its ProxyCommand's errors to /dev/null. What a server says when it disconnects is shown,
so the transport speaks as one: its version, then a message 1, which needs no encryption before keys are exchanged.
https://www.rfc-editor.org/rfc/rfc4253#section-11.1
"""

from __future__ import annotations

import struct

_DISCONNECT = 1
_HOST_NOT_ALLOWED = 1
_BLOCK = 8
# ssh shows no more of it.
_MOST_BYTES = 400


def disconnect(reason: str) -> bytes:
    """Return what a server would send that refuses for this reason; for before the real one has said anything."""
    words = " ".join(reason.split()).encode()[:_MOST_BYTES].decode(errors="ignore").encode()
    payload = bytes([_DISCONNECT]) + struct.pack(">II", _HOST_NOT_ALLOWED, len(words)) + words + struct.pack(">I", 0)
    padding = _BLOCK - (5 + len(payload)) % _BLOCK
    padding += _BLOCK if padding < 4 else 0
    packet = struct.pack(">IB", 1 + len(payload) + padding, padding) + payload + bytes(padding)
    return b"SSH-2.0-cloister\r\n" + packet
