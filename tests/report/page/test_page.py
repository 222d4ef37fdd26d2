"""The page: what it says at every stage of a run, and that data cannot do anything in it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Sequence
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

from syned.errors import RunError
from syned.report.page.edit_table import read_columns
from syned.report.page.page import MOST_CHARACTERS, render_page, shown, write_report
from syned.run.directory import Run
from tests.conftest import new_run, silent
from tests.report.page.made_up import SCRIPT, MadeUp, gains_of, make_run

HOSTILE = (
    SCRIPT,
    "</script><script>window.hit = 2</script>",
    '"><img src=x onerror="window.hit = 3">',
    "' onfocus='window.hit = 4' autofocus='",
    "{{ 7 * 7 }}{% raw %}",
    "</title></style><!--",
)
VOID = {"meta", "link", "img", "input", "rect", "path"}


class Parsed(HTMLParser):
    """The elements of a page and the text in them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.texts: list[str] = []
        self.scripts: list[str] = []
        self.styles: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes something else"

    def handle_data(self, data: str) -> None:
        into = {"script": self.scripts, "style": self.styles}
        into.get(self.open[-1] if self.open else "", self.texts).append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]


def page_of(run: Run) -> Parsed:
    page = Parsed(render_page(run, read_columns(run, silent), silent))
    assert page.open == [], "every element is closed"
    return page


def test_a_finished_run_shows_all_of_it(tmp_path: Path) -> None:
    page = page_of(make_run(tmp_path))
    text = page.text
    for title in ("From plan to dataset", "Scores", "Tasks", "Captions", "Edits", "Settings"):
        assert title in text
    assert re.search(r"precision: \d+ of \d+ kept edits are right", text)
    assert "thresholds: at least 0.7, at most 0.99, for style at least 0.55" in text
    assert "Emu Edit test 3 1" in text
    assert "please add star number 3" in text
    assert "I am sorry, I cannot" in text
    assert "refusal refuses, or talks to the user" in text
    assert "generate.editor fake" in text
    assert "All 64 edits." in text
    cards = [c for tag, c in page.elements if tag == "li" and c.get("class", "").startswith("card")]
    assert len(cards) == 64
    assert {"kept", "failed", "scene_lost"} <= {card["data-outcome"] for card in cards}


def test_a_large_run_is_sampled_and_the_page_says_so(tmp_path: Path) -> None:
    page = page_of(make_run(tmp_path, MadeUp(edits=400, captions=False)))
    assert "A sample of 240 of 400 edits" in page.text
    assert sum("card" in c.get("class", "").split() for c in page.all("li")) == 240


@pytest.mark.parametrize(
    ("wanted", "says", "keeps_quiet_about"),
    [
        (MadeUp(scores=False, selection=False), "nothing is filtered yet", "Scores"),
        (MadeUp(selection=False), "edits are right", "precision"),
        (MadeUp(captions=False), "Tasks", "Captions ("),
        (MadeUp(truth=False), "kept, ", "precision"),
        (MadeUp(tasks=("",)), "no task", "precision: 0"),
        (MadeUp(edits=1), "of 1 edits are kept", "A sample"),
    ],
)
def test_a_run_is_shown_as_far_as_it_has_come(
    tmp_path: Path, wanted: MadeUp, says: str, keeps_quiet_about: str
) -> None:
    text = page_of(make_run(tmp_path, wanted)).text
    assert says in text
    assert not re.search(rf"(?<!_){re.escape(keeps_quiet_about)}", text)


def test_a_run_with_nothing_in_it_says_so(tmp_path: Path) -> None:
    text = page_of(new_run(tmp_path)).text
    assert "Nothing is edited yet: 0 edits are planned." in text
    assert "There is no edit to show yet." in text


def test_a_failed_edit_says_why(tmp_path: Path) -> None:
    text = page_of(make_run(tmp_path)).text
    assert "no edited image" in text
    assert "Why edits failed: 2 flat image." in text


@pytest.mark.parametrize("hostile", HOSTILE)
def test_what_comes_from_data_is_shown_as_text(tmp_path: Path, hostile: str) -> None:
    run = make_run(
        tmp_path,
        MadeUp(
            edits=24,
            tasks=(hostile,),
            instruction=f"{hostile} {{n}}",
            caption=f"caption {hostile}",
            thresholds={"all": {hostile: 1}, "tasks": {hostile: {"min_ssim": 0.5}}},
        ),
    )
    (run.path / "train_eval").mkdir()
    gains = json.dumps(gains_of(hostile))
    (run.path / "train_eval" / "gains.json").write_text(gains, encoding="utf-8")
    page = page_of(run)
    assert f"{hostile} 3" in page.text
    assert f"please caption {hostile}" in page.text
    assert f"thresholds: for {hostile} at least 0.5" in page.text
    assert f"Gain in CIDEr over {hostile}" in page.text
    assert hostile in {option.get("value") for option in page.all("option")}
    assert len(page.scripts) == len(page.styles) == 1
    assert "hit" not in page.scripts[0]
    for _, attributes in page.elements:
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
        assert "autofocus" not in attributes


def test_the_page_asks_for_nothing_outside_itself(tmp_path: Path) -> None:
    page = page_of(make_run(tmp_path))
    for _, attributes in page.elements:
        for name in ("src", "href", "action", "srcset", "data", "poster"):
            assert attributes.get(name, "#").startswith(("#", "data:"))
    assert not re.search(r"url\(|@import|https?:", page.styles[0])
    assert not re.search(r"fetch|XMLHttp|import\(|https?:", page.scripts[0])


def test_the_policy_allows_this_style_and_this_script_and_nothing_else(tmp_path: Path) -> None:
    page = page_of(make_run(tmp_path))
    policies = [m["content"] for m in page.all("meta") if "http-equiv" in m]
    rules = dict(rule.strip().split(" ", 1) for rule in policies[0].split(";"))
    assert rules == {
        "default-src": "'none'",
        "img-src": "data:",
        "style-src": f"'sha256-{hash_of(page.styles[0])}'",
        "script-src": f"'sha256-{hash_of(page.scripts[0])}'",
        "base-uri": "'none'",
        "form-action": "'none'",
    }


def hash_of(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def test_a_person_who_does_not_see_is_told_all_of_it(tmp_path: Path) -> None:
    page = page_of(make_run(tmp_path))
    assert all(image.get("alt") for image in page.all("img"))
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    for _, attributes in page.elements:
        named = attributes.get("aria-labelledby", "").split()
        assert set(named) <= {*ids, "large-title"}
    headings = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert headings[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(headings))
    charts = [a for a in page.all("svg") if a.get("role") == "img"]
    hidden = [a for a in page.all("svg") if a.get("aria-hidden") == "true"]
    assert len(charts) + len(hidden) == len(page.all("svg"))
    (found,) = (attributes for _, attributes in page.elements if attributes.get("id") == "found")
    assert found["aria-live"] == "polite"


def test_texts_lose_control_characters_and_what_is_too_long() -> None:
    assert shown("a\x00b\x1b[2J\u202ec\n") == "a b [2J c "
    assert shown("x" * MOST_CHARACTERS) == "x" * MOST_CHARACTERS
    assert shown("x" * 10_000) == "x" * MOST_CHARACTERS + "..."


def test_the_file_is_replaced_as_a_whole_and_bounded(tmp_path: Path) -> None:
    run = make_run(tmp_path, MadeUp(edits=400, size_px=64, caption="long " * 500))
    path = tmp_path / "new" / "folder" / "page.html"
    size_bytes = write_report(run, read_columns(run, silent), path, silent)
    assert path.stat().st_size == size_bytes < 6_000_000
    assert [p.name for p in path.parent.iterdir()] == ["page.html"]


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    run = make_run(tmp_path, MadeUp(edits=4))
    with pytest.raises(RunError, match="cannot be written"):
        write_report(run, read_columns(run, silent), run.path, silent)
