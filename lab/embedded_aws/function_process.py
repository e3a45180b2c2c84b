# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The process a function of Lambda runs in: python -I function_process.py FOLDER HANDLER ANSWER REQUEST ARN.

It knows the function's own files and what is installed, as AWS's Python does, and nothing of this checkout. The event
comes by standard input; what the handler returned, or what it raised, goes into the file ANSWER.
https://docs.aws.amazon.com/lambda/latest/dg/python-handler.html
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
import traceback
import typing as t

END = "END_SECONDS"


class Context:
    """The part of Lambda's context object that functions use."""

    def __init__(self, request: str, arn: str) -> None:
        self.aws_request_id, self.invoked_function_arn = request, arn
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self._end = float(os.environ.pop(END))

    def get_remaining_time_in_millis(self) -> int:
        """How long it may still take."""
        return max(int((self._end - time.time()) * 1000), 0)


def _error(raised: BaseException) -> dict[str, t.Any]:
    return {
        "errorMessage": str(raised),
        "errorType": type(raised).__name__,
        "stackTrace": traceback.format_tb(raised.__traceback__),
    }


def main() -> int:
    """Run the handler; the exit status is 1 when it raised."""
    folder, handler, answer, request, arn = sys.argv[1:]
    sys.path.insert(0, folder)
    failed, said = False, None
    try:
        module, _, name = handler.rpartition(".")
        run = getattr(importlib.import_module(module), name)
        said = json.dumps(run(json.load(sys.stdin), Context(request, arn)))
    except BaseException as raised:  # noqa: BLE001 - Lambda tells whatever a handler raises
        traceback.print_exc()
        failed, said = True, json.dumps(_error(raised))
    with open(answer, "w", encoding="utf-8") as file:
        file.write(said)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
