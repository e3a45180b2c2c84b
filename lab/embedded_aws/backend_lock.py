# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The one lock around moto.

moto is not built for threads, and one call at a time also spares the interpreter lock's switching. Importing moto
is under it too: its packages import each other in circles, which two threads at once would see half done.
"""

from __future__ import annotations

import threading

BACKEND = threading.RLock()
