"""The command line: the only place that prints or exits.

Everything but typer is imported inside the commands, so that `syned --help` answers at once.

Run: syned --help
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from syned import __version__
from syned.errors import ConfigError, EngineError, SynedError
from syned.resources import config_names, config_path

if TYPE_CHECKING:
    from syned.config import RunConfig
    from syned.run import Run

SHEET_EDITS = 36
"""Edits on a contact sheet."""
SHEET_NAME = "contact_sheet.png"
EXAMPLES = 10
"""Texts with their paraphrases that `syned paraphrase` shows."""
EXIT_MISTAKE, EXIT_STOPPED = 2, 130

app = typer.Typer(
    help="Synthetic image edits: from images and instructions to pairs of images.",
    epilog="A command without --run goes on with the run that was used last.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

RunName = Annotated[
    str | None, typer.Option("--run", help="Name of the run; without it, the one used last.")
]
DataDir = Annotated[
    Path | None, typer.Option(help="Where runs lie; without it, $SYNED_DATA or ./data.")
]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="A.B=C", help="Change a setting: generate.steps=50. Repeatable."),
]
TrainingConfig = Annotated[
    str,
    typer.Argument(help=f"A YAML file, or one of {', '.join(config_names(training=True))}."),
]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command. Exits 0, 2 for what a person can put right, 130 after Ctrl-C."""
    try:
        app(arguments, prog_name="syned")
    except SynedError as error:
        print(f"syned: {error}", file=sys.stderr)
        sys.exit(EXIT_MISTAKE)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"syned {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """Synthetic image edits: from images and instructions to pairs of images."""


@app.command()
def generate(
    source: Annotated[
        str | None, typer.Option(help=f"Use a config by name: {', '.join(config_names())}.")
    ] = None,
    config: Annotated[Path | None, typer.Option(help="Use a config file of your own.")] = None,
    run: RunName = None,
    n: Annotated[int | None, typer.Option("--n", help="Edits to plan in all.")] = None,
    editor: Annotated[
        str | None, typer.Option(help="Hub id, folder, bundled:shapes or fake.")
    ] = None,
    dataset: Annotated[str | None, typer.Option(help="Dataset id on the hub.")] = None,
    split: Annotated[str | None, typer.Option(help="Split of the source.")] = None,
    path: Annotated[str | None, typer.Option(help="Folder of your images.")] = None,
    instruction: Annotated[
        str | None, typer.Option(help="The instruction for all images of a folder.")
    ] = None,
    limit: Annotated[int | None, typer.Option(help="Most source rows to read.")] = None,
    batch_size: Annotated[int | None, typer.Option(help="Edits made at once.")] = None,
    device: Annotated[str | None, typer.Option(help="auto, cpu, cuda, cuda:N or mps.")] = None,
    overrides: Overrides = None,
    data_dir: DataDir = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")
    ] = False,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Make edits again in which the editor failed.")
    ] = False,
) -> None:
    """Edit images as their instructions say. The same command again goes on."""
    flags = {
        "name": run if source or config else None,
        "source.dataset": dataset,
        "source.split": split,
        "source.path": path,
        "source.instruction": instruction,
        "source.limit": limit,
        "generate.n": n,
        "generate.editor": editor,
        "generate.batch_size": batch_size,
        "generate.device": device,
        "generate.retry_failed": True if retry_failed else None,
    }
    changes = [*_set(flags), *(overrides or ())]
    settings = _settings(source, config, run, changes, data_dir)
    if dry_run:
        _dry_run(settings)
    else:
        _generate(settings, data_dir)


@app.command()
def paraphrase(
    source: Annotated[
        str | None, typer.Option(help=f"Use a config by name: {', '.join(config_names())}.")
    ] = None,
    config: Annotated[Path | None, typer.Option(help="Use a config file of your own.")] = None,
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
    changes = [*_set(flags), *(overrides or ())]
    _paraphrase(_settings(source, config, run, changes, data_dir), data_dir, redo=redo)


@app.command()
def status(run: RunName = None, data_dir: DataDir = None) -> None:
    """Say how far a run is, also while it is being made."""
    from syned.report.words import caption_lines, run_lines
    from syned.run import open_run
    from syned.summary import caption_summary, summary

    opened = open_run(run, _data_dir(data_dir))
    print("\n".join(run_lines(summary(opened))))
    captions = caption_summary(opened)
    if captions is not None:
        print("\n".join(["", *caption_lines(captions)]))


@app.command()
def sheet(
    run: RunName = None,
    out: Annotated[Path | None, typer.Option(help="Where to write the PNG.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Draw some edits beside their source images."""
    from syned.run import open_run

    written = _write_sheet(open_run(run, _data_dir(data_dir)), out)
    if written is None:
        raise ConfigError(
            "no edit is finished yet, so there is nothing to draw; run syned generate"
        )
    print(f"sheet    {written}")


@app.command()
def doctor(data_dir: DataDir = None) -> None:
    """Say what this machine has and can do."""
    from huggingface_hub.constants import ENDPOINT

    from syned.doctor import diagnose

    diagnosis = diagnose(_data_dir(data_dir), hub=ENDPOINT)
    for finding in diagnosis.findings:
        print(f"{'ok  ' if finding.good else 'note'} {finding.topic:<9} {finding.text}")
    print("\nThis machine can")
    for ability in diagnosis.abilities:
        print(f"  - {ability}")
    if not diagnosis.works:
        raise typer.Exit(1)


@app.command("train-editor")
def train_editor(config: TrainingConfig, overrides: Overrides = None) -> None:
    """Train an InstructPix2Pix."""
    file = _training_config(config)
    _need_models("train-editor")
    from syned.engines.load import quiet_libraries

    quiet_libraries()
    from syned.training import run_editor_training

    folder = run_editor_training(file, overrides or [], _say)
    print(f"editor      {folder}")


def _set(flags: Mapping[str, object]) -> list[str]:
    """Flags that were given, as overrides."""
    given = {name: value for name, value in flags.items() if value is not None}
    return [f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in given.items()]


def _data_dir(given: Path | None) -> Path:
    from syned.run import default_data_dir

    return given or default_data_dir()


def _settings(
    source: str | None,
    file: Path | None,
    run: str | None,
    overrides: list[str],
    data_dir: Path | None,
) -> RunConfig:
    """The settings to use: a config's, or those of an earlier run."""
    from syned.config import load_config
    from syned.run import open_run

    if source is not None and file is not None:
        raise ConfigError("--source and --config both name a config; give one of them")
    if source is not None:
        file = config_path(source)
    if file is not None:
        return load_config(file, overrides)
    # asked for by a command, not by the run
    once = ["generate.retry_failed=false", "paraphrase.serve=false", "paraphrase.url=null"]
    return _stored_settings(open_run(run, _data_dir(data_dir)), [*once, *overrides])


def _stored_settings(run: Run, overrides: list[str]) -> RunConfig:
    """The settings that a run was last used with, changed by the overrides."""
    from syned.config import RunConfig
    from syned.run import SETTINGS_FILE
    from syned.settings import load_settings

    run.settings()  # says what is wrong with a damaged file
    return load_settings(RunConfig, run.path / SETTINGS_FILE, overrides, section="config")


def _dry_run(settings: RunConfig) -> None:
    from syned import pipeline
    from syned.report.words import estimate_lines

    print("\n".join(estimate_lines(pipeline.dry_run(settings))))


def _generate(settings: RunConfig, data_dir: Path | None) -> None:
    """Plan, edit, and say what came of it."""
    from syned import pipeline
    from syned.progress import show_progress
    from syned.report.words import run_lines, work_line
    from syned.run import Run
    from syned.summary import summary

    run = Run.create_or_open(settings, data_dir=_data_dir(data_dir))
    try:
        with show_progress("plan", sys.stderr) as shown:
            pipeline.make_plan(settings, run, shown.planned)
        with show_progress("edits", sys.stderr) as shown:
            made = pipeline.generate(settings, run, shown)
    except KeyboardInterrupt:
        _stop(run, "stopped at once")
    print("\n".join(run_lines(summary(run))))
    if made.shards_made:
        print(f"\nthis time {work_line(made)}")
    if made.shards_left:
        _stop(run, f"stopped; {made.edits_lost:,} edits of an unfinished shard were given up")
    print(f"sheet    {_write_sheet(run, None) or 'none, since no edit is finished'}")


def _paraphrase(settings: RunConfig, data_dir: Path | None, *, redo: bool) -> None:
    """Plan if nothing is planned, ask, and say what came of it."""
    from syned import pipeline
    from syned.progress import show_progress
    from syned.report.words import caption_lines, example_lines, paraphrase_line
    from syned.run import Run
    from syned.summary import caption_examples, caption_summary

    run = Run.create_or_open(settings, data_dir=_data_dir(data_dir))
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


_ON = "what was answered is kept; `syned paraphrase --run {}` goes on"


def _stop(run: Run, what: str) -> NoReturn:
    from syned.summary import summary

    kept = summary(run).done
    print(
        f"syned: {what}; {kept:,} edits are kept in {run.path}; "
        f"`syned generate --run {run.name}` goes on",
        file=sys.stderr,
    )
    raise typer.Exit(EXIT_STOPPED)


def _write_sheet(run: Run, out: Path | None) -> Path | None:
    """Draw the run's contact sheet; None when nothing is finished yet."""
    from syned.report.choose import sheet_rows
    from syned.report.sheet import contact_sheet
    from syned.report.words import sheet_title
    from syned.summary import summary

    rows = sheet_rows(run, SHEET_EDITS)
    if not rows:
        return None
    path = out or run.path / SHEET_NAME
    contact_sheet(rows, path, title=sheet_title(summary(run), len(rows)))
    return path


def _training_config(name: str) -> Path:
    return Path(name) if Path(name).suffix else config_path(name, training=True)


def _need_models(command: str) -> None:
    missing = [name for name in ("torch", "diffusers", "transformers") if not find_spec(name)]
    if missing:
        raise EngineError(
            f'`syned {command}` needs {" and ".join(missing)}: pip install "syned[models]"'
        )


def _say(text: str) -> None:
    print(f"{datetime.now():%H:%M:%S} {text}", flush=True)
