"""The command line: the only place that prints or exits.

Everything but typer is imported inside the commands, so that `syned --help` answers at once.

Run: syned --help
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from syned import __version__
from syned.cli.caption import caption
from syned.cli.filter import filter_
from syned.cli.generate import generate, sheet
from syned.cli.options import EXIT_MISTAKE
from syned.cli.paraphrase import paraphrase
from syned.cli.publish import publish
from syned.cli.report import report
from syned.cli.run import run
from syned.cli.status import doctor, status
from syned.cli.train import train_clip, train_editor
from syned.cli.train_eval import train_eval
from syned.errors import SynedError

app = typer.Typer(
    help="Synthetic image edits: from images and instructions to pairs of images.",
    epilog="A command without --run goes on with the run that was used last.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

for command in (run, generate, paraphrase, publish, report, caption, status, sheet, doctor):
    app.command()(command)
app.command("filter")(filter_)
app.command("train-eval")(train_eval)
app.command("train-editor")(train_editor)
app.command("train-clip")(train_clip)


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
