"""The clock: it goes by itself, and as far as somebody puts it on."""

from __future__ import annotations

import pytest

from lab.embedded_aws.client import EmbeddedAws
from lab.embedded_aws.clock import Clock


def test_time_goes_on_and_can_be_skipped() -> None:
    clock = Clock()
    began = clock.now()
    assert clock.now() >= began
    clock.skip(3600)
    assert 3600 <= clock.now() - began < 7200


def test_it_does_not_go_back(aws: EmbeddedAws) -> None:
    with pytest.raises(ValueError, match="time does not go back: -1 seconds"):
        aws.skip(-1)
