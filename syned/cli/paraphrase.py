"""`syned paraphrase`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from syned.cli.options import (
    EXIT_STOPPED,
    ConfigFile,
    DataDir,
    Overrides,
    RunName,
    SourceName,
    command_again,
    data_dir_of,
    overrides_of,
    settings_of,
)

if TYPE_CHECKING:
    from syned.config import RunConfig

EXAMPLES = 10
"""Texts with their paraphrases that `syned paraphrase` shows."""

_ON = "what was answered is kept; `{}` goes on"


def paraphrase(
    source: SourceName = None,
    config: ConfigFile = None,
    run: RunName = None,
    engine: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="What runs the language model: vllm, server (any OpenAI-compatible one), "
            "transformers, or fake for none. Without it: server if --url or --serve is given, "
            "then what the config says, else vllm.",
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            help="The language model: a hub id, a folder, smollm2, or for a server the name that "
            "it knows. Without it: what the config says, else allenai/Olmo-3-7B-Instruct.",
            metavar="MODEL",
        ),
    ] = None,
    url: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="Address of an OpenAI-compatible server up to /v1, as in "
            "http://127.0.0.1:8000/v1. Its key, if it wants one, is read from $OPENAI_API_KEY.",
        ),
    ] = None,
    serve: Annotated[
        bool,
        typer.Option(
            "--serve", help="Start a vLLM server for this command, and stop it at the end."
        ),
    ] = False,
    overrides: Overrides = None,
    data_dir: DataDir = None,
    redo: Annotated[
        bool,
        typer.Option(
            "--redo",
            help="Give up the paraphrases of this run and make them again, with other settings. "
            "Without it: a run whose paraphrases were made with other settings is refused.",
        ),
    ] = False,
) -> None:
    """Have a language model reword instructions and captions.

    Reads the plan of a run (and makes one if there is none), asks for each different text once,
    rejects answers that say something else, and writes captions/. It can run before, after or
    beside `syned generate`. The same command again goes on, and asks nothing twice.

    Examples:
        syned paraphrase
        syned paraphrase --run shapes --engine transformers --model smollm2
        syned paraphrase --url http://127.0.0.1:8000/v1 --model my-model
    """
    flags = {
        "name": run if source or config else None,
        "paraphrase.engine": "server" if (url or serve) and engine is None else engine,
        "paraphrase.model": model,
        "paraphrase.url": url,
        "paraphrase.serve": True if serve else None,
    }
    changes = [*overrides_of(flags), *(overrides or ())]
    make_captions(settings_of(source, config, run, changes, data_dir), data_dir, redo=redo)


def make_captions(settings: RunConfig, data_dir: Path | None, *, redo: bool) -> None:
    """Plan if nothing is planned, ask, and say what came of it."""
    from syned import pipeline
    from syned.cli.words import caption_lines, example_lines, paraphrase_line
    from syned.progress import show_progress
    from syned.run.directory import Run
    from syned.run.status import caption_examples, caption_summary

    run = Run.create_or_open(settings, data_dir=data_dir_of(data_dir))
    if not run.requests.recorded():
        with show_progress("plan", sys.stderr) as shown:
            pipeline.make_plan(settings, run, shown.planned)
    again = command_again("paraphrase", run)
    if redo:
        pipeline.forget_captions(run)
    try:
        with show_progress("requests", sys.stderr) as shown:
            made = pipeline.paraphrase(settings, run, shown, say=shown.say)
    except KeyboardInterrupt:
        print(f"syned: stopped at once; {_ON.format(again)}", file=sys.stderr)
        raise typer.Exit(EXIT_STOPPED) from None
    captions = caption_summary(run)
    if captions is not None:
        print(f"run      {run.path}")
        print("\n".join(caption_lines(captions)))
        print(f"\nthis time {paraphrase_line(made)}\n")
        print("\n".join(example_lines(caption_examples(run, EXAMPLES))))
    if made.stopped:
        print(f"syned: stopped; {_ON.format(again)}", file=sys.stderr)
        raise typer.Exit(EXIT_STOPPED)
