# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The data plane of the embedded AWS: load balancers that forward, names that resolve, security groups that drop.

HAProxy, dnsmasq and nftables in one container do it; what is here writes what they are told from the state of the
embedded AWS. docs/lab-plane.md tells what that is, and what it is not.
"""

from __future__ import annotations

from lab.plane.places import name_server, ways
from lab.plane.plane import Plane

__all__ = ["Plane", "name_server", "ways"]
