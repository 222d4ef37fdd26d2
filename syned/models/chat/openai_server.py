"""Ask a language model behind an OpenAI-compatible server, many requests at a time.

The `openai` client waits and tries again by itself on time-outs, 429 and 5xx. What is left after
that is one request's bad luck, unless it goes on: then the server is gone and there is no point in
asking for the rest.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from syned.errors import EngineError
from syned.models.base import ChatRequest, Reply, Sampling

if TYPE_CHECKING:
    from openai import OpenAI

FAILURES_IN_A_ROW = 8
"""Requests without a reply, and none with one between them, after which a server counts as gone."""

CLOSING_SECONDS = 1.0
"""What requests in flight get to end by themselves when the connections are closed."""

NO_KEY = "none"
"""Sent where no key is set; servers of one's own do not look at it."""


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """How to talk to a server."""

    url: str
    """Up to and with "/v1"."""
    model: str
    """The name that the server knows it by."""
    revision: str = ""
    """Where it is known, as for a server that Syned has started."""
    key_variable: str = "OPENAI_API_KEY"
    in_flight: int = 64
    timeout_seconds: float = 120.0
    retries: int = 6


class ServerModel:
    """A language model behind an OpenAI-compatible server, with connections to close at the end.

    Args:
        options: how to talk to it.
        gone: asked when a request fails: why the server cannot come back, or "".

    Raises:
        EngineError: the `openai` package is not installed.
    """

    def __init__(self, options: ServerOptions, gone: Callable[[], str] = lambda: "") -> None:
        self.name = f"{options.model}@{options.revision or 'served'}"
        self._options, self._gone = options, gone
        self._client = _client(options)
        self._takes_several = True
        """Whether the server gives more than one answer to a request; not all of them do."""
        self._flying: set[Future[Reply]] = set()
        """Requests that are with the server."""
        self._failures = 0
        self._problem = ""

    def replies(self, requests: Iterable[ChatRequest], sampling: Sampling) -> Iterator[Reply]:
        """Answer all requests, in the order in which they get done."""
        waiting = iter(requests)
        pool = ThreadPoolExecutor(self._options.in_flight, thread_name_prefix="ask")
        try:
            while True:
                room = self._options.in_flight - len(self._flying)
                self._flying |= {pool.submit(self._ask, r, sampling) for r in islice(waiting, room)}
                if not self._flying:
                    return
                done, self._flying = wait(self._flying, return_when=FIRST_COMPLETED)
                for future in done:
                    yield self._counted(future.result())
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def close(self) -> None:
        """Close the connections to the server; requests in flight get a moment to end before."""
        wait(self._flying, CLOSING_SECONDS)
        self._client.close()

    def _counted(self, reply: Reply) -> Reply:
        """The reply, unless it is one failure too many."""
        self._failures = self._failures + 1 if reply.reason == "no_answer" else 0
        gone = self._gone() if self._failures else ""
        if gone or self._failures >= FAILURES_IN_A_ROW:
            raise EngineError(
                f"the server at {self._options.url} does not answer: {gone or self._problem}; "
                "what was answered is kept; run the same command again when the server is back"
            )
        return reply

    def _ask(self, request: ChatRequest, sampling: Sampling) -> Reply:
        import openai

        where = f"the server at {self._options.url}"
        try:
            return self._collect(request, sampling)
        except (openai.AuthenticationError, openai.PermissionDeniedError) as error:
            raise EngineError(
                f"{where} refuses access ({_said(error)}); set the environment variable "
                f"{self._options.key_variable} to a key that it accepts"
            ) from error
        except openai.NotFoundError as error:
            raise EngineError(
                f"{where} has no model {self._options.model!r} ({_said(error)}); set "
                f"paraphrase.model to one of those that {self._options.url}/models lists"
            ) from error
        except (openai.BadRequestError, openai.UnprocessableEntityError) as error:
            self._problem = _said(error)
            return Reply(request.key, reason="refused_by_server")
        except (openai.OpenAIError, *_NOT_A_COMPLETION) as error:
            self._problem = _said(error)
            return Reply(request.key, reason="no_answer")

    def _collect(self, request: ChatRequest, sampling: Sampling) -> Reply:
        """As many answers as are asked for, in as few requests as the server allows."""
        import openai

        answers: list[str] = []
        cut_off: list[bool] = []
        new_tokens = 0
        while len(answers) < sampling.answers:
            wanted = sampling.answers - len(answers) if self._takes_several else 1
            try:
                completion = self._complete(request, sampling, wanted)
            except (openai.BadRequestError, openai.UnprocessableEntityError):
                if wanted == 1:
                    raise
                self._takes_several = False
                continue
            if not completion.choices:
                raise ValueError("its reply holds no answer")
            self._takes_several &= len(completion.choices) == wanted
            answers += [choice.message.content or "" for choice in completion.choices]
            cut_off += [choice.finish_reason == "length" for choice in completion.choices]
            new_tokens += completion.usage.completion_tokens if completion.usage else 0
        return Reply(request.key, tuple(answers), tuple(cut_off), new_tokens)

    def _complete(self, request: ChatRequest, sampling: Sampling, answers: int) -> Any:
        return self._client.chat.completions.create(
            model=self._options.model,
            messages=list(request.messages),
            n=answers,
            temperature=sampling.temperature,
            top_p=sampling.top_p,
            max_tokens=sampling.max_new_tokens,
        )


_NOT_A_COMPLETION = (ValueError, AttributeError, TypeError, KeyError)
"""What the client raises, sooner or later, when an answer is not the JSON that it should be."""


def _client(options: ServerOptions) -> OpenAI:
    try:
        from openai import OpenAI
    except ImportError as error:
        raise EngineError(
            "`syned paraphrase` with paraphrase.engine: server needs the `openai` package: "
            'pip install "syned[paraphrase]"'
        ) from error
    return OpenAI(
        base_url=options.url,
        api_key=os.environ.get(options.key_variable) or NO_KEY,
        timeout=options.timeout_seconds,
        max_retries=options.retries,
    )


def _said(error: Exception) -> str:
    """The first line of an error, which may quote a whole page, and never a key."""
    text = str(error).strip().split("\n")[0][:200]
    return text or type(error).__name__
