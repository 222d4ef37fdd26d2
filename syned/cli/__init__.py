"""The command line: the only place that prints or exits.

Everything but typer is imported inside the commands, so that `syned --help` answers at once.

Run: syned --help
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Annotated

import typer

from syned import __version__
from syned.cli.caption import caption
from syned.cli.doctor import doctor
from syned.cli.filter import filter_
from syned.cli.generate import generate
from syned.cli.help import GroupedCommands, help_of
from syned.cli.options import EXIT_MISTAKE
from syned.cli.paraphrase import paraphrase
from syned.cli.publish import publish
from syned.cli.report import report
from syned.cli.run import run
from syned.cli.sheet import sheet
from syned.cli.status import status
from syned.cli.train import train_clip, train_editor
from syned.cli.train_eval import train_eval
from syned.errors import SynedError

COMMANDS: dict[str, dict[str, Callable[..., None]]] = {
    "Start here": {"doctor": doctor, "run": run},
    "Make a dataset, step by step": {
        "generate": generate,
        "paraphrase": paraphrase,
        "filter": filter_,
        "publish": publish,
    },
    "Measure what it is worth": {"train-eval": train_eval, "caption": caption},
    "Look at a run": {"status": status, "sheet": sheet, "report": report},
    "Train models of your own": {"train-editor": train_editor, "train-clip": train_clip},
}
"""Heading -> commands, as `syned --help` lists them: in the order of the pipeline."""

NEXT = """\b
What next:
  syned doctor                    what this machine has and can do
  syned generate --source shapes  a first run, of drawn scenes; no download
  syned COMMAND --help            what a command does, with examples

A command without --source, --config and --run goes on with the run that was used last."""

app = typer.Typer(
    cls=GroupedCommands,
    help="Syned makes training data for image-difference captioning: pairs of images, before and "
    "after an edit, with captions that say what changed. It edits images by instructions, keeps "
    "those edits that seem right, publishes them as a dataset, and measures what a captioning "
    "model learns from it.",
    epilog=NEXT,
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)

for heading, commands in COMMANDS.items():
    for name, command in commands.items():
        app.command(name, help=help_of(command), rich_help_panel=heading)(command)


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
    """The options of `syned` itself."""
