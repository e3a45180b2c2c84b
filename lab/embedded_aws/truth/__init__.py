# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What AWS answers where moto answers otherwise: one file for each service, applied when moto's is imported."""

from __future__ import annotations


def apply_when_imported() -> None:
    """Patch moto; each service's patches run when that service is first called."""
