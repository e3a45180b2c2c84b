# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A CA of the lab's own, for certificates that others sign in an account: a company's, and Amazon's.

It lives as long as the server; clients of the lab trust it, and nobody else does.
"""

from __future__ import annotations

import dataclasses
import functools
import threading
import typing as t
from datetime import UTC, datetime

from lab.embedded_aws import collection  # noqa: F401 - what follows is found by it

# isort: split
from ansible_collections.cloister.aws.plugins.module_utils import _x509

NAME = "Cloister's lab, trusted by nobody else"
DAYS = 397
CA_DAYS = 3650


@dataclasses.dataclass(frozen=True)
class Authority:
    """The CA: its certificate, which clients trust, and its key."""

    certificate: str
    private_key: str

    def issue(self, names: t.Sequence[str]) -> dict[str, str]:
        """{certificate, private_key, chain} for these names, PEM."""
        now = datetime.now(UTC)
        return dataclasses.asdict(
            _x509.issue(self.private_key, self.certificate, names, DAYS, _x509.ALGORITHMS[0], now)
        )


_making = threading.Lock()


def authority() -> Authority:
    """The CA of this server, made when it is first asked for."""
    with _making:
        return _made()


@functools.cache
def _made() -> Authority:
    key = _x509.new_key(_x509.ALGORITHMS[0])
    return Authority(_x509.root(key, NAME, CA_DAYS, (), datetime.now(UTC)), key)
