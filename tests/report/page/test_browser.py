"""The report in headless Chromium: nothing goes wrong, and a keyboard is enough."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

pytest.importorskip("playwright.sync_api", reason="needs playwright")

from playwright.sync_api import Browser, Page, expect

from syned.report.page.edit_table import read_columns
from syned.report.page.page import write_report
from tests.conftest import silent
from tests.report.page.browsing import chromium, find_chromium
from tests.report.page.made_up import SCRIPT, TASKS, MadeUp, make_run

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(find_chromium() is None, reason="needs a Chromium on the PATH"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Address of a report whose instructions, captions and first task are scripts."""
    folder = tmp_path_factory.mktemp("data")
    wanted = MadeUp(
        instruction=f"{SCRIPT} star {{n}}", caption=f"{SCRIPT} now {{n}}", tasks=(SCRIPT, *TASKS)
    )
    run = make_run(folder, wanted)
    path = folder / "report.html"
    write_report(run, read_columns(run, silent), path, silent)
    return path.as_uri()


@pytest.fixture
def page(browser: Browser, report: str) -> Iterator[Page]:
    """The report, opened; at the end, whatever a browser complains of fails the test."""
    complaints: list[str] = []
    opened = browser.new_page(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
    opened.on("console", lambda message: complaints.append(message.text))
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("request", lambda r: complaints.append(r.url) if r.url.startswith("http") else None)
    opened.goto(report)
    yield opened
    opened.close()
    assert complaints == []


def shown(page: Page) -> int:
    return page.locator("#cards > .card:visible").count()


def test_scripts_in_the_data_are_text_and_do_not_run(page: Page) -> None:
    first = page.locator("#cards h3").first
    expect(first).to_contain_text(SCRIPT)
    first.locator("xpath=..").get_by_text("Captions").click()
    page.get_by_label("Search").fill("script")
    page.locator(".pictures").first.click()
    expect(page.locator("#large-title")).to_contain_text(SCRIPT)
    assert page.evaluate("window.hit") is None


def test_an_injected_script_would_be_stopped_by_the_policy(browser: Browser, report: str) -> None:
    page = browser.new_page()
    page.goto(report)
    page.evaluate(
        "document.body.append(Object.assign(document.createElement('script'),"
        " {textContent: 'window.hit = 1'}))"
    )
    assert page.evaluate("window.hit") is None
    page.close()


def test_edits_are_filtered_by_task_outcome_truth_and_text(page: Page) -> None:
    everything = shown(page)
    assert everything == 64
    found = page.locator("#found")
    expect(found).to_have_text("64 of 64 shown")
    page.get_by_label("Outcome").select_option("kept")
    kept = shown(page)
    assert 0 < kept < everything
    expect(found).to_have_text(f"{kept} of 64 shown")
    page.get_by_label("Outcome").select_option("*dropped")
    assert shown(page) == everything - kept
    page.get_by_label("Outcome").select_option("failed")
    assert shown(page) == 2
    page.get_by_label("Outcome").select_option("")
    page.get_by_label("Truth").select_option("wrong")
    assert shown(page) == page.locator('#cards > [data-truth="wrong"]').count() > 0
    page.get_by_role("button", name="Clear").click()
    expect(found).to_have_text("64 of 64 shown")
    page.locator("#by-task").select_option(SCRIPT)
    assert shown(page) == page.locator("#cards > .card").evaluate_all(
        "(cards, task) => cards.filter((card) => card.dataset.task === task).length", SCRIPT
    )
    page.get_by_role("button", name="Clear").click()
    page.get_by_label("Search").fill("STAR  edit00000005")
    assert shown(page) == 1
    page.get_by_label("Search").fill("no such text")
    expect(page.get_by_text("No edit that is shown here matches.")).to_be_visible()


def test_a_reason_and_a_task_lead_to_their_edits(page: Page) -> None:
    page.get_by_role("link", name="scene lost").click()
    lost = page.locator('#cards > [data-outcome="scene_lost"]').count()
    expect(page.locator("#found")).to_have_text(f"{lost} of 64 shown")
    page.get_by_role("link", name="style").click()
    styled = page.locator('#cards > [data-task="style"]').count()
    expect(page.locator("#found")).to_have_text(f"{styled} of 64 shown")
    assert page.locator("#edits").evaluate("e => Math.abs(e.getBoundingClientRect().top)") < 200


def test_arrow_keys_move_enter_enlarges_and_escape_returns(page: Page) -> None:
    buttons = page.locator(".pictures")
    buttons.first.focus()
    page.keyboard.press("ArrowRight")
    expect(buttons.nth(1)).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(buttons.nth(4)).to_be_focused()  # three in a line at this width
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowLeft")
    expect(buttons.first).to_be_focused()
    page.keyboard.press("End")
    expect(buttons.nth(63)).to_be_focused()
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    expect(page.locator("#large-place")).to_have_text("1 of 64")
    expect(page.get_by_role("button", name="Previous")).to_be_disabled()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#large-place")).to_have_text("3 of 64")
    expect(dialog.locator("img")).to_have_count(3)
    page.keyboard.press("Escape")
    expect(dialog).not_to_be_visible()
    expect(buttons.nth(2)).to_be_focused()


def test_enlarging_goes_through_the_edits_that_are_shown(page: Page) -> None:
    page.get_by_label("Outcome").select_option("failed")
    page.locator(".card:visible .pictures").first.click()
    expect(page.locator("#large-place")).to_have_text("1 of 2")
    page.get_by_role("button", name="Next").click()
    expect(page.locator("#large-place")).to_have_text("2 of 2")
    expect(page.get_by_role("button", name="Next")).to_be_disabled()
    page.get_by_role("button", name="Close").click()
    expect(page.get_by_role("dialog")).not_to_be_visible()


def test_scores_are_shown_for_one_task_at_a_time(page: Page) -> None:
    assert page.locator("figure:visible").count() == 8
    page.locator("#panel").select_option("style")
    assert page.locator('[data-panel="style"] figure:visible').count() == 8
    assert page.locator("figure:visible").count() == 8
    expect(page.locator("figure:visible .limits").first).to_contain_text("style at least 0.55")


def test_all_can_be_reached_by_keyboard_and_sees_where_it_is(page: Page) -> None:
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the edits")).to_be_focused()
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.locator("#by-task")).to_be_focused()


def test_colors_follow_the_system_until_the_button_says_otherwise(
    browser: Browser, report: str
) -> None:
    dark = browser.new_page(color_scheme="dark")
    dark.goto(report)
    assert lightness(dark) < 60
    dark.get_by_role("button", name="Use light colors").click()
    assert lightness(dark) > 200
    dark.get_by_role("button", name="Use dark colors").click()
    assert lightness(dark) < 60
    dark.close()
    light = browser.new_page(color_scheme="light")
    light.goto(report)
    assert lightness(light) > 200
    light.close()


def lightness(page: Page) -> int:
    color = page.evaluate("getComputedStyle(document.body).backgroundColor")
    red = color.removeprefix("rgb(").split(",")[0]
    return int(red)


@pytest.mark.parametrize("width_px", [360, 390, 768, 1440])
def test_nothing_is_wider_than_the_window(browser: Browser, report: str, width_px: int) -> None:
    page = browser.new_page(viewport={"width": width_px, "height": 844})
    page.goto(report)
    assert page.evaluate("document.documentElement.scrollWidth") <= width_px
    page.locator(".pictures").first.click()
    assert page.locator("#large").evaluate("e => e.scrollWidth - e.clientWidth") <= 0
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_ground(browser: Browser, report: str, scheme: str) -> None:
    """Contrast of at least 4.5, as WCAG 2 AA asks of text."""
    page = browser.new_page()
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.goto(report)
    contrasts = page.evaluate(_CONTRASTS)
    page.close()
    assert {name: ratio for name, ratio in contrasts.items() if ratio < 4.5} == {}


_CONTRASTS = """() => {
  const channels = (color) => color.match(/[\\d.]+/g).map(Number);
  const luminance = (color) => {
    const [r, g, b] = channels(color).slice(0, 3).map((c) => {
      const part = c / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const color = getComputedStyle(e).backgroundColor;
      if (channels(color)[3] !== 0) return color;
    }
  };
  const found = {};
  const parts = [".lead", ".eyebrow", ".tiles .kept strong", ".tiles .dropped strong", "nav a",
    ".tiles span", "thead th", ".bars small", ".zero", "figure p", ".axis", ".limits", "summary",
    ".badge.kept", ".badge.dropped", ".verdict", ".scores dt", ".scores .fails dd", ".ids",
    ".texts dd", "#found", ".missing", ".quiet"];
  for (const name of parts) {
    const element = document.querySelector(name);
    if (!element) continue;
    const [a, b] = [luminance(getComputedStyle(element).color), luminance(ground(element))];
    found[name] = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  }
  return found;
}"""
