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
    data_dir_of,
    overrides_of,
    settings_of,
)

if TYPE_CHECKING:
    from syned.config import RunConfig

EXAMPLES = 10
"""Texts with their paraphrases that `syned paraphrase` shows."""

_ON = "what was answered is kept; `syned paraphrase --run {}` goes on"


def paraphrase(
    source: SourceName = None,
    config: ConfigFile = None,
    run: RunName = None,
    engine: Annotated[str | None, typer.Option(help="vllm, server, transformers or fake.")] = None,
    model: Annotated[
        str | None, typer.Option(help="Hub id, folder, smollm2, or what a server calls it.")
    ] = None,
    url: Annotated[
        str | None, typer.Option(help="Of an OpenAI-compatible server, up to /v1.")
    ] = None,
    serve: Annotated[
        bool, typer.Option("--serve", help="Start vLLM's server for this, and stop it after.")
    ] = False,
    overrides: Overrides = None,
    data_dir: DataDir = None,
    redo: Annotated[
        bool, typer.Option("--redo", help="Make the captions anew, with other settings.")
    ] = False,
) -> None:
    """Have a language model reword instructions and captions. The same command again goes on."""
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
    if redo:
        pipeline.forget_captions(run)
    try:
        with show_progress("requests", sys.stderr) as shown:
            made = pipeline.paraphrase(settings, run, shown, say=shown.say)
    except KeyboardInterrupt:
        print(f"syned: stopped at once; {_ON.format(run.name)}", file=sys.stderr)
        raise typer.Exit(EXIT_STOPPED) from None
    captions = caption_summary(run)
    if captions is not None:
        print(f"run      {run.path}")
        print("\n".join(caption_lines(captions)))
        print(f"\nthis time {paraphrase_line(made)}\n")
        print("\n".join(example_lines(caption_examples(run, EXAMPLES))))
    if made.stopped:
        print(f"syned: stopped; {_ON.format(run.name)}", file=sys.stderr)
        raise typer.Exit(EXIT_STOPPED)
