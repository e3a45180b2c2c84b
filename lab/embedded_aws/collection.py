# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Make the collection's own pure code importable here: the checkout is the collection, by the link in collections/."""

from __future__ import annotations

import sys
from pathlib import Path

FOLDER = str(Path(__file__).resolve().parents[2] / "collections")

if FOLDER not in sys.path:
    sys.path.append(FOLDER)
