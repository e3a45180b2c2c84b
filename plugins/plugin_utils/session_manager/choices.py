# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What may be chosen of the way into a node; the first of each is what an inventory has by default."""

from __future__ import annotations

KEYS = ("ec2_instance_connect", "run_command", "agent")
"""How a key gets on a node; with the person's own agent none has to."""
CLIENTS = ("own", "official")
"""Who speaks: this client, or AWS's session-manager-plugin under the AWS CLI."""
