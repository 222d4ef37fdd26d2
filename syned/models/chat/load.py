"""Find the language model that the `paraphrase` settings name, and load it when needed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from syned.config import ParaphraseConfig
from syned.errors import ConfigError, EngineError
from syned.models.base import ChatModel
from syned.models.chat.language_models import find_language_model
from syned.models.chat.openai_server import ServerModel, ServerOptions
from syned.models.checkpoints import Checkpoint
from syned.models.fake import FakeChatModel

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class ChatEngine:
    """A language model that is known by name and not loaded yet."""

    name: str
    """With its revision."""
    open: Callable[[], AbstractContextManager[ChatModel]]
    """Loads it, or connects to it; the end of the block lets go of all that it took."""


def find_chat_engine(options: ParaphraseConfig, *, log: Path, say: Say) -> ChatEngine:
    """Find the language model that the settings name; nothing is loaded.

    Args:
        options: which engine, which model, where.
        log: file for what vLLM says in a process of its own.
        say: told what takes a while.

    Raises:
        ConfigError: settings that do not go together.
        EngineError: the model cannot be found.
    """
    if options.engine == "fake":
        return ChatEngine(FakeChatModel.name, lambda: nullcontext(FakeChatModel()))
    if options.engine == "server" and not options.serve:
        return _served_elsewhere(options)
    if options.serve and options.engine != "server":
        raise ConfigError(
            f"paraphrase.serve is true although paraphrase.engine is {options.engine!r}, which "
            "needs no server; set paraphrase.engine to server, or paraphrase.serve to false"
        )
    if options.url is not None:
        raise ConfigError(
            f"paraphrase.url is {options.url!r}, but {_unasked(options)}; leave it out, or set "
            "paraphrase.engine to server and paraphrase.serve to false"
        )
    model = find_language_model(options.model)
    opened = {
        "server": lambda: _served_here(options, model, log, say),
        "vllm": lambda: _offline(options, model, log, say),
        "transformers": lambda: _in_process(options, model, say),
    }
    return ChatEngine(model.full_name, opened[options.engine])


def _unasked(options: ParaphraseConfig) -> str:
    """Why no server of somebody else's is asked."""
    if options.serve:
        return "paraphrase.serve is true, so Syned starts a server of its own"
    return f"paraphrase.engine is {options.engine!r}, which asks no server"


def _served_elsewhere(options: ParaphraseConfig) -> ChatEngine:
    if options.url is None:
        raise ConfigError(
            "paraphrase.url is missing; engine server needs the address of an OpenAI-compatible "
            "server, such as http://127.0.0.1:8000/v1, or paraphrase.serve=true to start one"
        )
    talk = _server_options(options, options.url, options.model, "")
    return ChatEngine(f"{options.model}@served", lambda: closing(ServerModel(talk)))


@contextmanager
def _served_here(
    options: ParaphraseConfig, model: Checkpoint, log: Path, say: Say
) -> Iterator[ChatModel]:
    from syned.models.chat.vllm_server import serve

    with serve(
        model, python=options.python, options=options.vllm_options, log=log, say=say
    ) as serving:
        talk = _server_options(options, serving.url, model.name, model.revision)
        with closing(ServerModel(talk, serving.gone)) as server:
            yield server


def _offline(
    options: ParaphraseConfig, model: Checkpoint, log: Path, say: Say
) -> AbstractContextManager[ChatModel]:
    from syned.models.chat.vllm_engine import VllmChatModel

    say(f"starting vLLM with {model.full_name}; its log is {log}")
    return VllmChatModel(model, python=options.python, options=options.vllm_options, log=log)


def _in_process(
    options: ParaphraseConfig, model: Checkpoint, say: Say
) -> AbstractContextManager[ChatModel]:
    try:
        from syned.models.devices import choose_device, quiet_libraries

        quiet_libraries()
        from syned.models.chat.in_process import TransformersChatModel
    except ImportError as error:
        raise EngineError(
            "paraphrase.engine: transformers needs torch and transformers, which cannot be "
            f"imported ({error}): "
            'pip install "torch==2.13.*" and then pip install "syned[models]"'
        ) from error
    say(f"loading {model.full_name}")
    device = choose_device(options.device)
    return nullcontext(TransformersChatModel(model, device=device, batch_size=options.batch_size))


def _server_options(
    options: ParaphraseConfig, url: str, model: str, revision: str
) -> ServerOptions:
    return ServerOptions(
        url=url.rstrip("/"),
        model=model,
        revision=revision,
        key_variable=options.api_key_variable,
        in_flight=options.in_flight,
        timeout_seconds=options.timeout_seconds,
        retries=options.retries,
    )
