# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The embedded AWS: moto behind a gateway of ours, on loopback.

A request travels: http_server -> gateway (faults -> moto with our truth patches -> unknown) -> journal.
docs/embedded-aws.md tells what is modelled, what is refused and what is not modelled.
"""
