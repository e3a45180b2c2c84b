"""What Helm's own client sends as protobuf: the secrets in which it keeps its releases.

https://github.com/kubernetes/api/blob/master/core/v1/generated.proto (Secret),
https://github.com/kubernetes/apimachinery/blob/master/pkg/apis/meta/v1/generated.proto (ObjectMeta)
"""

from __future__ import annotations

import base64
import typing as t

MAGIC = b"k8s\x00"
Fields = list[tuple[int, t.Any]]


def secret(sent: bytes) -> dict[str, t.Any]:
    """Return the Secret in a message, as JSON has it. Raises ValueError for anything else."""
    envelope = dict(fields(sent.removeprefix(MAGIC)))
    kind = dict(fields(envelope[1]))[2].decode()
    if kind != "Secret":
        raise ValueError(f"a {kind} came as protobuf, and only a Secret is read")
    said = fields(envelope[2])
    metadata = fields(dict(said)[1])
    data = {key: base64.b64encode(value).decode() for key, value in entries(said, 2)}
    labels = {key: value.decode() for key, value in entries(metadata, 11)}
    return {
        "kind": kind,
        "apiVersion": "v1",
        "metadata": {"name": dict(metadata)[1].decode(), "labels": labels},
        "data": data,
        "type": dict(said)[3].decode(),
    }


def entries(message: Fields, number: int) -> t.Iterator[tuple[str, bytes]]:
    """The entries of a map."""
    for entry in (dict(fields(value)) for found, value in message if found == number):
        yield entry[1].decode(), entry.get(2, b"")


def fields(message: bytes) -> Fields:
    """The fields of a message by number: numbers, and the bytes of what has a length."""
    found, place = [], 0
    while place < len(message):
        key, place = varint(message, place)
        value: t.Any
        value, place = varint(message, place)
        if key & 7 == 2:
            value, place = message[place : place + value], place + value
        elif key & 7:
            raise ValueError(f"wire type {key & 7} is not read")
        found.append((key >> 3, value))
    return found


def varint(message: bytes, place: int) -> tuple[int, int]:
    """The number that begins at a place, and where it ends."""
    value = shift = 0
    while True:
        byte = message[place]
        place += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, place
