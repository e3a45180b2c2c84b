# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""EC2 answers from plain data: XML written by the shapes of botocore's own model.

A key the model does not know raises KeyError, so no answer can hold what boto3 would drop.
"""

from __future__ import annotations

import datetime
import functools
import typing as t
import uuid
from collections.abc import Callable
from xml.sax.saxutils import escape

from moto.core.responses import ActionContext, ActionResult

Write = Callable[[t.Any, list[str]], None]
NAMESPACE = "http://ec2.amazonaws.com/doc/2016-11-15/"


class Ec2Result(ActionResult):
    """A result given as a dict in the operation's output shape; members that are None are left out."""

    def execute_result(self, context: ActionContext) -> t.Any:
        operation = context.operation_model
        out = [f'<{operation.name}Response xmlns="{NAMESPACE}"><requestId>{uuid.uuid4()}</requestId>']
        if operation.output_shape is None:
            out.append("<return>true</return>")
        else:
            _writer(operation.output_shape)(self.result, out)
        out.append(f"</{operation.name}Response>")
        return 200, {"Content-Type": "text/xml;charset=UTF-8"}, "".join(out)


def _writer(shape: t.Any) -> Write:
    return _by_name(shape.name, shape)


_writers: dict[str, Write] = {}


def _by_name(name: str, shape: t.Any) -> Write:
    write = _writers.get(name)
    if write is None:
        write = _writers[name] = _make(shape)
    return write


def _make(shape: t.Any) -> Write:
    if shape.type_name == "structure":
        return _structure(shape)
    if shape.type_name == "list":
        return _list(shape)
    leaves: dict[str, Write] = {"boolean": _boolean, "timestamp": _time}
    return leaves.get(shape.type_name, _text)


def _structure(shape: t.Any) -> Write:
    @functools.cache
    def member(key: str) -> tuple[str, str, Write]:
        inner = shape.members[key]
        name = inner.serialization.get("name", key)
        return f"<{name}>", f"</{name}>", _writer(inner)

    def write(value: dict[str, t.Any], out: list[str]) -> None:
        for key, item in value.items():
            if item is not None:
                opening, closing, inner = member(key)
                out.append(opening)
                inner(item, out)
                out.append(closing)

    return write


def _list(shape: t.Any) -> Write:
    def write(values: list[t.Any], out: list[str]) -> None:
        inner = _writer(shape.member)
        for value in values:
            out.append("<item>")
            inner(value, out)
            out.append("</item>")

    return write


def _boolean(value: bool, out: list[str]) -> None:
    out.append("true" if value else "false")


def _time(value: datetime.datetime, out: list[str]) -> None:
    out.append(value.strftime("%Y-%m-%dT%H:%M:%S.000Z"))


def _text(value: t.Any, out: list[str]) -> None:
    out.append(escape(str(value)))
