"""Write the test's certificates into a folder: of a CA, for the proxy's names, and such as must be refused."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ansible_collections.cloister.aws.plugins.module_utils import _x509

NAMES = ("infer.test", "*.infer.test", "limited.test")


def main(folder: Path) -> None:
    """One pair of files for each certificate, and the CA's own."""
    folder.mkdir(parents=True, exist_ok=True)
    now = datetime.now(UTC)
    # It was made long ago, as one of its certificates has ended.
    key = _x509.new_key("EC_prime256v1")
    ca = _x509.root(key, "Cloister's test", 365, (), now - timedelta(days=100))
    (folder / "ca.pem").write_text(ca, encoding="utf-8")
    (folder / "ca.key").write_text(key, encoding="utf-8")
    for name, days, made in (
        ("infer", 90, now),
        ("ending", 100 + 5, now - timedelta(days=100)),
        ("ended", 90, now - timedelta(days=100)),
    ):
        issued = _x509.issue(key, ca, NAMES, days, "EC_prime256v1", made)
        (folder / f"{name}.pem").write_text(issued.certificate, encoding="utf-8")
        (folder / f"{name}.key").write_text(issued.private_key, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
