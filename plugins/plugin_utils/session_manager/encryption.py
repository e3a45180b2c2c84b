# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Sessions that an account's preferences encrypt with a KMS key, beside the TLS that all have.

https://docs.aws.amazon.com/systems-manager/latest/userguide/session-preferences-enable-encryption.html
"""

from __future__ import annotations

import os

KEY_BYTES = 64
_NONCE_BYTES = 12


class KmsCipher:
    """AES-256-GCM both ways. ``data_key`` is 64 bytes: the agent encrypts with its first half, we with its second."""

    def __init__(self, data_key: bytes, key: bytes) -> None:
        # Here, as few sessions need it and it takes longer to load than the rest of this client.
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        half = len(data_key) // 2
        self.key = key
        self._theirs = AESGCM(data_key[:half])
        self._ours = AESGCM(data_key[half:])

    def encrypt(self, plain: bytes) -> bytes:
        """Return a fresh nonce and what the agent can decrypt with it."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._ours.encrypt(nonce, plain, None)

    def decrypt(self, sealed: bytes) -> bytes:
        """Return what the agent encrypted."""
        return self._theirs.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], None)
