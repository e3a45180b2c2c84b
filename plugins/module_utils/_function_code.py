# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The code of our Lambda functions: one file of this collection each, packed so that equal code gives equal bytes.

A file under ``module_utils/functions`` is whole: it imports nothing of ours, and boto3 only inside its ``handler``.
"""

from __future__ import annotations

import base64
import hashlib
import io
import typing as t
import zipfile

from ansible_collections.cloister.aws.plugins.module_utils.functions import endpoint_targets, resting

# Imported, so that they are in the payload of every module that packs one.
_CODE = {"endpoint_targets": endpoint_targets, "resting": resting}
_OLDEST = (1980, 1, 1, 0, 0, 0)


def package(code: str) -> bytes:
    """Return the zip file of ``functions/<code>.py``; without compression, which differs from one zlib to the next."""
    module = _CODE[code]
    # Inside a module's payload the file lies in a zip file itself.
    source = t.cast(t.Any, module.__loader__).get_source(module.__name__)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as file:
        entry = zipfile.ZipInfo(f"{code}.py", _OLDEST)
        entry.external_attr, entry.create_system = 0o644 << 16, 3
        file.writestr(entry, source)
    return packed.getvalue()


def digest(packed: bytes) -> str:
    """Return what Lambda calls CodeSha256."""
    return base64.b64encode(hashlib.sha256(packed).digest()).decode()
