# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Load on an edge, as a partner makes it, and what stands behind the edge then: a service that says what it was asked.

from lab.load.started import Load

load = Load.start(server, "partner.infer.example.com", posters=8, streamers=2)  # in the lab's internet, as a partner
...
assert load.ended().failures == []

`python -m lab.load HOST` is the same from wherever it is started; it prints its report once it is told to end.
"""
