"""The report of a run: one HTML file with everything in it.

It needs no network and is forbidden one: its content security policy allows the style and the
script that come with Syned, by their hashes, and pictures that lie in the file. What comes from
data is text to the template, which escapes it.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from syned import __version__
from syned.progress import RowsDone
from syned.report.page import histogram, labels
from syned.report.page.cards import make_cards
from syned.report.page.edit_table import EditColumns
from syned.report.page.figures import drop_reasons, funnel, score_panels, task_figures
from syned.report.page.gains_table import read_gains
from syned.report.page.paraphrases import caption_examples, paraphrases_of
from syned.report.page.sample import choose_edits
from syned.run.atomic import write_atomically
from syned.run.directory import Run
from syned.run.status import caption_summary, summary
from syned.run.truth import RIGHT
from syned.units import size

REPORT_NAME = "report.html"
MOST_CHARACTERS = 600
"""Of one text in the page; what is longer is cut."""

_TEMPLATES = Path(__file__).parent / "template"


def write_report(run: Run, columns: EditColumns, path: Path, progress: RowsDone) -> int:
    """Write the report of a run, as far as the run has come.

    Args:
        run: may be in use; what is committed is looked at.
        columns: what was read of its edits.
        path: an existing file is replaced, at once and whole.
        progress: told how many of the edits that are shown have their pictures.

    Returns:
        Size of the file in bytes.

    Raises:
        RunError: something of the run cannot be read, or the file cannot be written.
    """
    page = render_page(run, columns, progress).encode()
    write_atomically(path, page)
    return len(page)


def render_page(run: Run, columns: EditColumns, progress: RowsDone) -> str:
    """The HTML of the report.

    Raises:
        RunError: something of the run cannot be read.
    """
    whole = summary(run, with_tasks=False)  # the columns know the tasks already
    captions = caption_summary(run)
    cards = list(make_cards(run, columns, choose_edits(columns), progress))
    settings = run.settings()
    style, script = _asset("style.css"), _asset("script.js")
    template = _environment().get_template("page.html")
    return template.render(
        policy=_policy(style, script),
        style=Markup(style),
        script=Markup(script),
        run=whole,
        written=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        syned_version=__version__,
        edits=len(columns),
        selection=columns.selection,
        funnel=funnel(columns, whole.planned),
        reasons=drop_reasons(columns),
        tasks=task_figures(columns),
        panels=score_panels(columns),
        captions=captions,
        caption_examples=caption_examples(run) if captions else None,
        gains=read_gains(run.path),
        cards=cards,
        paraphrases=paraphrases_of(run, {text for card in cards for text in card.texts}),
        settings=list(_flat(settings["config"])),
        versions=list(_flat(settings.get("versions", {}))),
    )


def _environment() -> Environment:
    """Templates that escape everything, with the words and shapes that they use."""
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "words": labels.words,
        "rejection": labels.rejection,
        "number": labels.number,
        "score": labels.score,
        "size": size,
        "shown": shown,
    }
    environment.globals |= {
        "percent": labels.percent,
        "KEPT": labels.KEPT,
        "WAITING": labels.WAITING,
        "RIGHT": RIGHT,
        "WIDTH": histogram.WIDTH,
        "HEIGHT": histogram.HEIGHT,
    }
    return environment


def shown(text: str) -> str:
    """A text of the data as it may stand in the page: no control characters, not too long."""
    plain = "".join(c if c.isprintable() else " " for c in text[: MOST_CHARACTERS + 1])
    return plain if len(text) <= MOST_CHARACTERS else f"{plain[:MOST_CHARACTERS]}..."


def _policy(style: str, script: str) -> str:
    """The content security policy: nothing but this style, this script and pictures within."""
    return (
        f"default-src 'none'; img-src data:; style-src '{_hash(style)}'; "
        f"script-src '{_hash(script)}'; base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _asset(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")


def _flat(values: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Dotted names and plain values, as `--set` takes them."""
    for name, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{prefix}{name}.")
        else:
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            yield f"{prefix}{name}", text
