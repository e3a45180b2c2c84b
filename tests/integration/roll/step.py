"""What stands for a proxy's own program: a folder with a configuration, and files that say that it is out of service.

``step.py FOLDER LOG STEP FALTER``: take a step and write it down; FALTER is ``fails STEP``, ``loses STEP`` or
``hangs STEP``, of this node.
"""

import json
import sys
import time
from pathlib import Path

folder, log, step, falter = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], sys.argv[4]
if step == "standing":
    names = {one.name for one in folder.iterdir()}
    print(json.dumps({"there": "configuration" in names, "runs": True, "failing": "failing" in names, "faults": []}))
    sys.exit()
with log.open("a", encoding="utf-8") as file:
    file.write(f"{folder.name} {step} {time.time()}\n")
if step in ("fail_health", "drain"):
    (folder / "failing").touch()
if step == "serve":
    (folder / "failing").unlink(missing_ok=True)
if falter == f"hangs {step}":
    time.sleep(60)
if falter == f"loses {step}":
    folder.with_suffix(".lost").touch()
sys.exit(falter == f"fails {step}")
