"""A language model in this process: a small random one, in the layout of a real one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from syned.errors import EngineError  # noqa: E402
from syned.models.base import ChatRequest, Sampling  # noqa: E402
from syned.models.chat.in_process import TransformersChatModel  # noqa: E402
from syned.models.chat.language_models import find_language_model  # noqa: E402
from tests.tiny_language_model import write_language_model  # noqa: E402

SAMPLING = Sampling(answers=3, temperature=0.9, top_p=0.95, max_new_tokens=5)
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_language_model(tmp_path_factory.mktemp("llm"))


def chats(count: int) -> Iterator[ChatRequest]:
    return (
        ChatRequest(str(i), ({"role": "user", "content": "add a hat " * (i + 1)},))
        for i in range(count)
    )


def test_every_request_gets_its_answers_whatever_the_batch(folder: Path) -> None:
    model = TransformersChatModel(find_language_model(str(folder)), device=CPU, batch_size=2)
    replies = list(model.replies(chats(5), SAMPLING))
    assert sorted(reply.key for reply in replies) == list("01234")
    assert all(len(reply.answers) == len(reply.cut_off) == 3 for reply in replies)
    assert all(0 < reply.new_tokens <= 15 for reply in replies)
    assert model.name.startswith("folder@sha256:")


def test_greedy_answers_do_not_depend_on_padding(folder: Path) -> None:
    """Nearly greedy: a low temperature leaves one choice."""
    sampling = Sampling(answers=1, temperature=1e-4, top_p=1.0, max_new_tokens=5)
    found = find_language_model(str(folder))

    def answers(batch_size: int) -> dict[str, tuple[str, ...]]:
        model = TransformersChatModel(found, device=CPU, batch_size=batch_size)
        return {reply.key: reply.answers for reply in model.replies(chats(4), sampling)}

    assert answers(1) == answers(4)


def test_what_requests_begin_with_is_read_once_and_changes_no_answer(folder: Path) -> None:
    sampling = Sampling(answers=2, temperature=1e-4, top_p=1.0, max_new_tokens=5)
    found = find_language_model(str(folder))
    prompts = ["You paraphrase. " * 3, "You rhyme. "]
    requests = [
        ChatRequest(
            f"{prompt}{i}",
            ({"role": "system", "content": prompt}, {"role": "user", "content": "hat " * (i + 1)}),
        )
        for i in range(4)
        for prompt in prompts
    ]

    def answers(begin: bool) -> tuple[dict[str, tuple[str, ...]], list[int]]:
        class Counting(TransformersChatModel):
            _remembers_all = begin

        model, reads = Counting(found, device=CPU, batch_size=2), []
        model._model.register_forward_pre_hook(
            lambda _, args, kwargs: reads.append(len(args)), with_kwargs=True
        )
        said = {reply.key: reply.answers for reply in model.replies(requests, sampling)}
        return said, [read for read in reads if read]

    (plain, _), (shared, reads) = answers(False), answers(True)
    assert plain == shared
    assert len(plain) == 8
    assert len(reads) == len(prompts)


def test_a_batch_that_does_not_fit_is_halved(folder: Path) -> None:
    model = TransformersChatModel(find_language_model(str(folder)), device=CPU, batch_size=4)
    answer, sizes = model._answer, []

    def small_device(batch: list[ChatRequest], sampling: Sampling) -> object:
        sizes.append(len(batch))
        if len(batch) > 1:
            raise torch.OutOfMemoryError("no room")
        return answer(batch, sampling)

    model._answer = small_device  # type: ignore[method-assign, assignment]
    assert len(list(model.replies(chats(3), SAMPLING))) == 3
    assert sizes == [3, 2, 1, 1, 1]


def test_a_model_without_a_chat_template_is_refused(tmp_path: Path) -> None:
    folder = write_language_model(tmp_path, chat_template=False)
    with pytest.raises(EngineError, match="has no chat template, so it is no instruct model"):
        TransformersChatModel(find_language_model(str(folder)), device=CPU, batch_size=1)
