from __future__ import annotations

from typing import Any

from syned.captioning.gains.gains_md import gains_text, interval, spread, summary_lines


def values(mean: float, gain: tuple[float, float, float] | None) -> dict[str, Any]:
    scores = {"mean": mean, "deviation": 0.012, "seeds": {"0": mean, "1": mean}}
    names = ("difference", "low", "high")
    return {
        "scores": {"METEOR": scores, "CIDEr": scores},
        "interval": {"low": mean - 0.1, "high": mean + 0.1},
        "gain": {} if gain is None else {"CIDEr": dict(zip(names, gain, strict=True))},
    }


def gains() -> dict[str, Any]:
    """As small as gains.json can be with everything in it."""
    constant = {"METEOR": 0.05, "CIDEr": 0.08}

    def arm(mean: float, gain: tuple[float, float, float] | None) -> dict[str, Any]:
        of_all = values(mean, gain)
        return {
            "trained_on": "real and <syned>",
            "training": [{"steps": 600}, {"steps": 420}],
            "different_captions": [50, 60],
            **of_all,
            "by_task": {"add": of_all, "style": of_all},
        }

    return {
        "metrics": ["METEOR", "CIDEr"],
        "scorer": "COCO-caption with Java",
        "comparable": True,
        "baseline": "real",
        "bootstrap": 1000,
        "validation": {"pairs": 100},
        "test": {"pairs": 1200, "tasks": {"add": 700, "style": 500}},
        "missing": [],
        "constant": {
            "caption": "it is | gone",
            "scores": constant,
            "by_task": {"add": constant, "style": constant},
        },
        "captioners": {
            "two_stream": {
                "seeds": [0, 1, 2],
                "arms": {"real": arm(0.4, None), "real+syned": arm(0.523, (0.123, 0.081, 0.164))},
            }
        },
        "examples": [
            {
                "pair_id": "shapes/test/0",
                "task": "add",
                "picture": "examples/00.png",
                "references": ["a star\nappeared"],
                "said": {"two_stream": {"real": "<script>alert(1)</script> | `x`"}},
            }
        ],
    }


def rows_of(text: str, first_cell: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith(f"| {first_cell} |")]


def test_every_arm_stands_in_the_tables_beside_the_constant_caption() -> None:
    text = gains_text(gains())
    scores, gained, tasks = rows_of(text, "real+syned")
    assert scores == "| real+syned | 52.3 ± 1.2 | 52.3 ± 1.2 |"
    assert gained == "| real+syned | +12.3 [8.1, 16.4] |"
    assert tasks.count("52.3 ± 1.2<br>+12.3 [8.1, 16.4]") == 2
    assert rows_of(text, "most frequent caption")[0] == "| most frequent caption | 5.0 | 8.0 |"
    assert "| two_stream | real | real and &#60;syned&#62; | 600, 420 | 50, 60 |" in text


def test_every_table_has_as_many_cells_in_each_row_as_in_its_head() -> None:
    tables = [part for part in gains_text(gains()).split("\n\n") if part.startswith("|")]
    assert len(tables) == 5
    for table in tables:
        cells = {line.replace("\\|", "").count("|") for line in table.splitlines()}
        assert len(cells) == 1, table


def test_what_a_captioner_said_is_shown_as_text_and_not_as_markup() -> None:
    text = gains_text(gains())
    assert "<script>" not in text
    assert "&#60;script&#62;alert(1)&#60;/script&#62; &#124; &#96;x&#96;" in text
    assert "| reference | a star appeared |" in text
    assert "it is &#124; gone" in text


def test_scores_that_papers_do_not_have_are_said_to_be_such() -> None:
    assert "not comparable" not in gains_text(gains())
    plain = {**gains(), "comparable": False, "scorer": "a plain tokenizer"}
    assert "**These scores are not comparable with papers**" in gains_text(plain)


def test_few_seeds_and_missing_trials_are_said() -> None:
    assert "fewer than three seeds" not in gains_text(gains())
    missing = gains() | {"missing": ["two_stream, real, seed 1"]}
    missing["captioners"]["two_stream"]["seeds"] = [0, 1]
    text = gains_text(missing)
    assert "With fewer than three seeds, the scores of two_stream say little" in text
    assert "**Not trained yet**: two_stream, real, seed 1." in text
    assert "not done: two_stream, real, seed 1" in summary_lines(
        {**gains(), "missing": ["two_stream, real, seed 1"]}
    )


def test_an_interval_is_said_to_come_from_resamples_and_to_be_narrow_with_few_seeds() -> None:
    head = gains_text(gains()).partition("## ")[0]
    assert "when test pairs and seeds are drawn again at random" in head
    assert "With few seeds this interval is narrower than the true uncertainty." in head
    assert "chance" not in head


def test_the_summary_has_a_line_for_each_arm() -> None:
    assert summary_lines(gains()) == [
        "two_stream: CIDEr x 100 on 1,200 test pairs, and the gain over real",
        "  real        40.0 ± 1.2",
        "  real+syned  52.3 ± 1.2  +12.3 [8.1, 16.4]",
        "most frequent caption: 8.0",
    ]


def test_an_experiment_in_which_nothing_is_done_yet_has_a_report_too() -> None:
    nothing = {
        **gains(),
        "captioners": {"two_stream": {"seeds": [0, 1, 2], "arms": {}}},
        "examples": [],
    }
    text = gains_text(nothing)
    assert "## two_stream" in text
    assert summary_lines(nothing)[-1] == "most frequent caption: 8.0"


def test_one_task_needs_no_table_by_task() -> None:
    one = {**gains(), "test": {"pairs": 1200, "tasks": {"add": 1200}}}
    assert "CIDEr by task" not in gains_text(one)


def test_scores_and_gains_are_printed_times_100() -> None:
    assert spread({"mean": 0.4567, "deviation": 0.0149}) == "45.7 ± 1.5"
    assert spread({"mean": 0.4567, "deviation": None}) == "45.7"
    assert interval({"difference": -0.01, "low": -0.024, "high": 0.004}) == "-1.0 [-2.4, 0.4]"
