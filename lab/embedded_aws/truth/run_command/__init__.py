# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Run Command: commands that really run in the machines behind managed nodes, and never look as if they had."""

from __future__ import annotations


def apply() -> None:
    """Let moto answer as AWS does."""
    from moto.ssm.responses import SimpleSystemManagerResponse

    from lab.embedded_aws.truth.patching import install
    from lab.embedded_aws.truth.run_command import listing, sending

    install(SimpleSystemManagerResponse, sending.send_command, sending.cancel_command)
    install(
        SimpleSystemManagerResponse,
        listing.list_commands,
        listing.list_command_invocations,
        listing.get_command_invocation,
    )
