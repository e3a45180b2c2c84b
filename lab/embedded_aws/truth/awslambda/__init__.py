# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Lambda: functions that really run, who may invoke them, and what AWS refuses of them."""

from __future__ import annotations


def apply() -> None:
    """Let moto answer as AWS does."""
    from moto.awslambda.models import LambdaBackend, LambdaFunction, LambdaStorage
    from moto.awslambda.policy import Policy
    from moto.awslambda.responses import LambdaResponse

    from lab.embedded_aws.truth.awslambda import changes, functions, permissions
    from lab.embedded_aws.truth.patching import before, install

    functions.wrap(LambdaFunction)
    functions.leave_out_of_lists(LambdaResponse)
    before(LambdaBackend, "create_function", functions.check_create)
    before(LambdaBackend, "update_function_configuration", changes.check_configuration)
    before(LambdaBackend, "update_function_code", changes.check_code)
    before(Policy, "add_statement", permissions.check_statement)
    install(LambdaBackend, changes.update_function_code, functions.iter_tagged_resources)
    install(LambdaStorage, functions.latest)
