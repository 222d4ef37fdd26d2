"""A server that fails in every way that servers fail."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

pytest.importorskip("openai")

from syned.errors import EngineError
from syned.models.base import ChatRequest, Reply, Sampling
from syned.models.chat.openai_server import FAILURES_IN_A_ROW, ServerModel, ServerOptions
from tests.stub_server import Behave, StubServer, completion, error, good, stub_server

SAMPLING = Sampling(answers=3, temperature=0.9, top_p=0.95, max_new_tokens=32)


def ask(behave: Behave, count: int = 4, **options: Any) -> tuple[dict[str, Reply], StubServer]:
    with stub_server(behave) as stub, model(stub, **options) as asked:
        return {reply.key: reply for reply in asked.replies(chats(count), SAMPLING)}, stub


def model(stub: StubServer, **options: Any) -> closing[ServerModel]:
    values = {"retries": 2, "timeout_seconds": 5.0, "in_flight": 2, **options}
    return closing(ServerModel(ServerOptions(url=stub.url, model="m", **values)))


def chats(count: int) -> Iterator[ChatRequest]:
    return (ChatRequest(str(i), ({"role": "user", "content": f"text {i}"},)) for i in range(count))


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client waits between tries; not as long as it would for a real server."""
    monkeypatch.setattr("openai._base_client.INITIAL_RETRY_DELAY", 0.01)
    monkeypatch.setattr("openai._base_client.MAX_RETRY_DELAY", 0.02)


def test_every_request_gets_as_many_answers_as_were_asked_for() -> None:
    replies, stub = ask(good)
    assert replies["2"].answers == ("text 2 now", "text 2 here", "text 2 please")
    assert replies["2"].cut_off == (False, False, False)
    assert replies["2"].new_tokens == 3
    assert len(stub.asked) == 4
    assert {body["max_tokens"] for body in stub.asked} == {32}
    assert "seed" not in stub.asked[0]


def test_an_answer_whose_tokens_ran_out_says_so() -> None:
    replies, _ = ask(lambda _, body: (200, completion(body, finish="length")), 1)
    assert replies["0"].cut_off == (True, True, True)


def test_many_requests_are_in_flight_and_never_more_than_allowed() -> None:
    def slow(number: int, body: dict[str, Any]) -> tuple[int, bytes | None]:
        time.sleep(0.05)
        return good(number, body)

    replies, stub = ask(slow, 12, in_flight=4)
    assert len(replies) == 12
    assert stub.most_at_once == 4


def test_requests_are_taken_as_there_is_room() -> None:
    taken = []

    def endless() -> Iterator[ChatRequest]:
        for request in chats(1000):
            taken.append(request.key)
            yield request

    with stub_server(good) as stub, model(stub) as asked:
        replies = asked.replies(endless(), SAMPLING)
        next(replies)
        replies.close()  # type: ignore[attr-defined]
    assert len(taken) <= 4


def test_closing_lets_requests_in_flight_end() -> None:
    both_in_flight = threading.Barrier(2)

    def slow(number: int, body: dict[str, Any]) -> tuple[int, bytes | None]:
        both_in_flight.wait()
        time.sleep(0.2 * number)
        return good(number, body)

    with stub_server(slow) as stub:
        with model(stub) as asked:
            next(asked.replies(chats(2), SAMPLING))
        assert (len(stub.asked), stub.at_once) == (2, 0)


@pytest.mark.parametrize(
    "bad",
    [
        error(429),
        error(500),
        error(503),
        (200, None),
    ],
)
def test_a_failure_that_passes_is_tried_again(bad: tuple[int, bytes | None]) -> None:
    replies, stub = ask(lambda n, body: bad if n % 2 == 0 else good(n, body), in_flight=1)
    assert all(not reply.reason for reply in replies.values())
    assert len(stub.asked) == 8


@pytest.mark.parametrize(
    "bad",
    [
        error(500),
        (200, b"{"),
        (200, b"[]"),
        (200, b"{}"),
        (200, b'{"choices": []}'),
        (200, b'{"choices": [{}]}'),
        (200, b"null"),
    ],
)
def test_a_request_that_never_gets_an_answer_is_one_failed_row(bad: tuple[int, bytes]) -> None:
    def poison(number: int, body: dict[str, Any]) -> tuple[int, bytes | None]:
        return bad if body["messages"][-1]["content"] == "text 1" else good(number, body)

    replies, _ = ask(poison)
    assert replies["1"] == Reply("1", reason="no_answer")
    assert all(len(replies[key].answers) == 3 for key in ("0", "2", "3"))


def test_a_request_that_the_server_refuses_is_one_failed_row() -> None:
    def strict(number: int, body: dict[str, Any]) -> tuple[int, bytes | None]:
        too_long = body["messages"][-1]["content"] == "text 1"
        return error(400, "too long") if too_long else good(number, body)

    replies, _ = ask(strict)
    assert replies["1"].reason == "refused_by_server"
    assert not replies["2"].reason


def test_a_server_that_is_gone_ends_it_with_a_clear_word() -> None:
    with pytest.raises(EngineError, match=r"does not answer: .*what was answered is kept"):
        ask(lambda n, body: error(500) if n > 3 else good(n, body), 100, retries=0)


def test_a_server_that_dies_stops_the_asking_soon() -> None:
    with stub_server(lambda n, body: error(500)) as stub, model(stub, retries=0) as asked:
        with pytest.raises(EngineError):
            list(asked.replies(chats(1000), SAMPLING))
        assert FAILURES_IN_A_ROW <= len(stub.asked) <= FAILURES_IN_A_ROW + 4


def test_why_a_server_is_gone_is_said() -> None:
    with stub_server(lambda n, body: error(500)) as stub:
        options = ServerOptions(url=stub.url, model="m", retries=0)
        with (
            closing(ServerModel(options, lambda: "it ended with status 9")) as dead,
            pytest.raises(EngineError, match="it ended with status 9"),
        ):
            list(dead.replies(chats(4), SAMPLING))


def test_nobody_listens() -> None:
    options = ServerOptions(url="http://127.0.0.1:9/v1", model="m", retries=0)
    with (
        closing(ServerModel(options)) as nobody,
        pytest.raises(EngineError, match="does not answer"),
    ):
        list(nobody.replies(chats(20), SAMPLING))


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (error(401, "who?"), "refuses access .*set the environment variable MY_KEY"),
        (error(403), "refuses access"),
        (error(404, "m is unknown"), "has no model 'm' .*v1/models lists"),
    ],
)
def test_what_no_patience_mends_stops_at_once(bad: tuple[int, bytes], message: str) -> None:
    with pytest.raises(EngineError, match=message):
        ask(lambda n, body: bad, key_variable="MY_KEY")


def test_a_server_that_gives_one_answer_at_a_time_is_asked_more_often() -> None:
    replies, stub = ask(lambda n, body: (200, completion(body, most=1)), 2, in_flight=1)
    assert all(len(reply.answers) == 3 for reply in replies.values())
    assert [body["n"] for body in stub.asked] == [3, 1, 1, 1, 1, 1]


def test_a_server_that_refuses_several_answers_is_asked_for_one() -> None:
    def strict(number: int, body: dict[str, Any]) -> tuple[int, bytes | None]:
        return error(400, "n must be 1") if body["n"] > 1 else good(number, body)

    replies, stub = ask(strict, 2, in_flight=1)
    assert all(len(reply.answers) == 3 for reply in replies.values())
    assert [body["n"] for body in stub.asked] == [3, 1, 1, 1, 1, 1, 1]


def test_the_key_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", "s3cret")
    _, stub = ask(good, 1, key_variable="MY_KEY")
    assert stub.keys == {"Bearer s3cret"}
