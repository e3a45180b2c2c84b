"""The real client of OpenAI's, through the proxy."""

from __future__ import annotations

import contextlib
import itertools
import ssl
import statistics
import time

import httpx2
import openai
import pytest

MESSAGES = [{"role": "user", "content": "hello"}]
ROUNDS = 15
LONGEST_DELAY_SECONDS = 0.020


def client(base_url: str, trust: ssl.SSLContext) -> openai.OpenAI:
    """A client that does not try again: what fails is to be seen."""
    return openai.OpenAI(
        api_key="canary-of-the-test", base_url=base_url, max_retries=0, http_client=httpx2.Client(verify=trust)
    )


@pytest.fixture
def through(trust: ssl.SSLContext) -> openai.OpenAI:
    return client("https://infer.test/v1", trust)


@pytest.fixture
def direct(node: str, trust: ssl.SSLContext) -> openai.OpenAI:
    return client(f"http://{node}:9000/v1", trust)


def first_token_seconds(asked: openai.OpenAI) -> float:
    """How long the first of two tokens took; both are read, so that the connection is kept."""
    began = time.perf_counter()
    stream = asked.chat.completions.create(model="tiny", messages=MESSAGES, stream=True, max_tokens=2)
    came = [time.perf_counter() for _chunk in stream]
    return came[0] - began


def test_models_and_completions_are_answered(through: openai.OpenAI) -> None:
    assert [model.id for model in through.models.list()] == ["tiny"]
    told = through.chat.completions.create(model="tiny", messages=MESSAGES)
    assert told.choices[0].message.content == "a token comes when it is made"


def test_tokens_come_one_by_one(through: openai.OpenAI) -> None:
    stream = through.chat.completions.create(model="tiny", messages=MESSAGES, stream=True)
    came = [(time.perf_counter(), chunk.choices[0].delta.content) for chunk in stream]
    assert [word for _at, word in came] == ["a", "token", "comes", "when", "it", "is", "made"]
    gaps = [later - earlier for (earlier, _), (later, _) in itertools.pairwise(came)]
    # They are made 50 ms apart; kept back they would come all at once.
    assert statistics.median(gaps) > 0.03


def test_the_first_token_is_at_most_20_ms_later_than_without_the_proxy(
    through: openai.OpenAI, direct: openai.OpenAI
) -> None:
    rounds = [(first_token_seconds(through), first_token_seconds(direct)) for _ in range(ROUNDS)]
    # What the proxy itself takes it takes each time; what a busy machine takes comes and goes.
    assert min(proxied for proxied, _ in rounds) - min(alone for _, alone in rounds) < LONGEST_DELAY_SECONDS, rounds


def test_errors_of_the_server_are_those_that_the_client_sees(through: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError, match="no /v1/models/other"):
        through.models.retrieve("other")


def test_too_much_is_refused(trust: ssl.SSLContext) -> None:
    large = [{"role": "user", "content": "x" * 1_200_000}]
    with pytest.raises(openai.APIStatusError) as told:
        client("https://limited.test/v1", trust).chat.completions.create(model="tiny", messages=large)
    assert told.value.status_code == 413


def test_too_many_are_refused_and_told_so(trust: ssl.SSLContext) -> None:
    limited = client("https://limited.test/v1", trust)
    told = []
    for _ in range(10):
        with contextlib.suppress(openai.RateLimitError):
            told.append(limited.models.list())
    # Two more than one, and what a fifth of a second allows each time.
    assert 3 <= len(told) < 10
