# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Machines of the lab: systemd containers that roles are applied to, and that stand behind instances.

docs/lab-nodes.md tells what they are, and what they are not.
"""
