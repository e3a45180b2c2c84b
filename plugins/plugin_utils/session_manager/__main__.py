# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Start the client: this folder is run as it lies, by an interpreter that knows no collections."""

from __future__ import annotations

import importlib
import os
import sys

if __name__ == "__main__":
    # The folder itself comes first on the path of what is run so; its parent is where the package is found.
    sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    sys.exit(importlib.import_module("session_manager.cli").main(sys.argv[1:]))
