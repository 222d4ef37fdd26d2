"""METEOR and the PTB tokenizer: the real ones, and a `java` that is a small script."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("pycocoevalcap")

from syned.captioning.metrics import java
from syned.captioning.metrics.java import Meteor, java_is_there, metrics_folder, ptb_tokens
from syned.captioning.metrics.metrics import one_line
from syned.errors import EngineError
from tests.captioning.metrics.sentences import ODD

needs_java = pytest.mark.skipif(not java_is_there(), reason="needs Java")

METEOR = """
import os, sys
out, log = sys.stdout, sys.stderr
print("loading", os.getcwd(), *sys.argv[1:], file=log, flush=True)
for line in sys.stdin:
    kind, *parts = line.rstrip("\\n").split(" ||| ")
    if parts == ["die"]:
        print("out of memory", file=log, flush=True)
        sys.exit(1)
    if parts == ["wait"]:
        continue
    answers = parts if kind == "EVAL" else ["|".join(parts)[-1500:]]
    print(*answers, sep="\\n", flush=True)
    if kind == "EVAL":
        print(0.25, flush=True)
"""
"""Answers a SCORE with the end of what it was given; an EVAL with the statistics, and 0.25."""


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file for what `java` does; of programs, there is only that."""
    program, folder = tmp_path / "program.py", tmp_path / "bin"
    folder.mkdir()
    (folder / "java").write_text(f'#!/bin/sh\nexec {sys.executable} -S "{program}" "$@"\n')
    (folder / "java").chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
    return program


@pytest.fixture
def no_java(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")


def runs(number: int) -> bool:
    """Whether a process is there and has not ended."""
    try:
        return ") Z " not in Path(f"/proc/{number}/stat").read_text("utf-8")
    except OSError:
        return False


# Whether it is there


@pytest.mark.parametrize(("code", "there"), [(0, True), (1, False)])
def test_a_java_that_only_says_how_to_get_one_is_none(fake: Path, code: int, there: bool) -> None:
    fake.write_text(f"import sys; print('java, it says'); sys.exit({code})")
    assert java_is_there() is there


def test_a_java_that_hangs_is_none(fake: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake.write_text("import time; time.sleep(600)")
    monkeypatch.setattr(java, "TIMEOUT_SECONDS", 0.2)
    assert not java_is_there()


@pytest.mark.usefixtures("no_java")
def test_without_java_there_is_none() -> None:
    assert not java_is_there()


def test_the_parts_of_coco_caption_are_found() -> None:
    assert (metrics_folder() / "meteor" / "meteor-1.5.jar").is_file()
    assert (metrics_folder() / "tokenizer" / "stanford-corenlp-3.4.1.jar").is_file()


def test_without_pycocoevalcap_the_error_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "pycocoevalcap", None)
    with pytest.raises(EngineError) as caught:
        metrics_folder()
    assert str(caught.value) == 'metrics need pycocoevalcap: pip install "syned[idc]"'


# The tokenizer


@needs_java
@pytest.mark.timeout(600)
def test_a_text_keeps_its_own_words_whatever_line_breaks_are_near() -> None:
    lines = [one_line(text) for text in ODD if one_line(text)]
    assert ptb_tokens(lines)[:4] == [
        "a dog is gone",
        "a | | | b | | | c",
        "x y z w",
        "caf\u00e9 na\u00efve",
    ]


@pytest.mark.usefixtures("no_java")
def test_no_texts_need_no_java() -> None:
    assert ptb_tokens([]) == []


@pytest.mark.usefixtures("no_java")
def test_a_tokenizer_that_cannot_be_run_is_an_error_that_says_what_to_check() -> None:
    with pytest.raises(EngineError) as caught:
        ptb_tokens(["a dog"])
    assert str(caught.value).startswith("the PTB tokenizer cannot be run: ")
    assert str(caught.value).endswith("; check that `java -version` works")


def test_a_tokenizer_that_hangs_is_an_error(fake: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake.write_text("import time; time.sleep(600)")
    monkeypatch.setattr(java, "TIMEOUT_SECONDS", 0.2)
    with pytest.raises(EngineError, match=r"cannot be run: .* timed out after 0\.2 seconds"):
        ptb_tokens(["a dog"])


@pytest.mark.parametrize(
    ("program", "message"),
    [
        ("sys.exit('first\\nthe heap is full\\n')", "failed: the heap is full"),
        ("sys.exit(1)", "failed: it said nothing"),
    ],
)
def test_a_tokenizer_that_fails_is_an_error_with_its_last_words(
    fake: Path, program: str, message: str
) -> None:
    fake.write_text(f"import sys; {program}")
    with pytest.raises(EngineError) as caught:
        ptb_tokens(["a dog"])
    assert str(caught.value) == f"the PTB tokenizer {message}"


@pytest.mark.parametrize("said", ["'a dog'", "'a\\ndog\\nis\\ngone'"])
def test_a_tokenizer_that_loses_count_of_lines_is_refused(fake: Path, said: str) -> None:
    fake.write_text(f"print({said})")
    with pytest.raises(EngineError, match=r"gave [14] lines for 3 texts; it must give one for ea"):
        ptb_tokens(["a dog", "is", "gone"])


def test_punctuation_and_empty_words_are_dropped_as_coco_caption_does(fake: Path) -> None:
    fake.write_text(
        "print(\"the `` exit ''  sign -LRB- left -RRB- ... -- it 's ; gone .\")\nprint(' . ')"
    )
    assert ptb_tokens(["one", "other"]) == ["the exit sign left it 's gone", ""]


def test_texts_are_handed_over_a_line_each_as_utf_8(fake: Path) -> None:
    """What cannot be written as UTF-8, a lone surrogate, costs a sign and not the run."""
    fake.write_text(
        "import sys\n"
        "sys.stdout.buffer.write(open(sys.argv[-1], 'rb').read())\n"
        "assert '-lowerCase' in sys.argv and '-preserveLines' in sys.argv\n"
        "assert '-Dfile.encoding=UTF-8' in sys.argv\n"
    )
    assert ptb_tokens(["caf\u00e9", "\ud800 lone", "x \u2028 y"]) == [
        "caf\u00e9",
        "lone",
        "x \u2028 y",
    ]


# METEOR


@pytest.fixture
def meteor(fake: Path) -> Iterator[Meteor]:
    fake.write_text(METEOR)
    meteor = Meteor()
    yield meteor
    meteor.close()


def test_references_come_before_the_prediction(meteor: Meteor) -> None:
    found = meteor.statistics([("a dog", ["one cat", "two cats"]), ("a cow", ["a pig"])])
    assert found == ["one cat|two cats|a dog", "a pig|a cow"]


def test_more_pairs_than_fit_into_a_pipe_are_answered_in_their_order(
    meteor: Meteor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(java, "TIMEOUT_SECONDS", 30.0)
    words = " ".join(f"word{n}" for n in range(200))
    pairs = [(f"p{n} {words}"[:1500], [f"r{n} {words}"[:1500]] * 5) for n in range(100)]
    found = meteor.statistics(pairs)
    assert [line.split("|")[-1].split()[0] for line in found] == [f"p{n}" for n in range(100)]


def test_meteor_sees_two_hundred_words_and_none_of_its_own_separators(meteor: Meteor) -> None:
    (found,) = meteor.statistics([("the red " * 300, ["a ||| b|||c  d"])])
    reference, prediction = found.split("|")
    assert reference == "a b c d"
    assert prediction == "the red " * 99 + "the red"


def test_nothing_is_asked_of_meteor_without_pairs(meteor: Meteor) -> None:
    assert meteor.statistics([]) == []


def test_a_set_has_a_score_beside_those_of_its_pairs(meteor: Meteor) -> None:
    assert meteor.scores(["0.5", "0.75"]) == (0.25, [0.5, 0.75])


def test_meteor_runs_in_its_folder_and_in_a_session_of_its_own(
    meteor: Meteor, capfd: pytest.CaptureFixture[str]
) -> None:
    number = meteor.process_id
    assert os.getsid(number) == number != os.getsid(0)
    meteor.statistics([("a dog", ["a cat"])])
    assert Path(f"/proc/{number}/cwd").resolve() == (metrics_folder() / "meteor").resolve()
    assert capfd.readouterr() == ("", "")


def test_meteor_that_is_closed_has_ended_and_is_not_asked_again(meteor: Meteor) -> None:
    number = meteor.process_id
    meteor.close()
    meteor.close()
    assert not Path(f"/proc/{number}").exists()
    with pytest.raises(EngineError, match="METEOR has been closed"):
        meteor.statistics([("a dog", ["a cat"])])


def test_meteor_that_is_closed_with_a_question_in_its_pipe_has_ended(fake: Path) -> None:
    fake.write_text("import time; time.sleep(600)")
    meteor = Meteor()
    assert meteor._process.stdin is not None
    meteor._process.stdin.write(b"SCORE ||| a ||| b\n")
    meteor.close()
    assert not Path(f"/proc/{meteor.process_id}").exists()


def test_meteor_that_is_forgotten_has_ended(fake: Path) -> None:
    fake.write_text(METEOR)
    meteor = Meteor()
    number = meteor.process_id
    del meteor
    gc.collect()
    assert not Path(f"/proc/{number}").exists()


def test_meteor_ends_with_its_input(fake: Path) -> None:
    """So that it does so whatever becomes of this process."""
    fake.write_text(METEOR)
    meteor = Meteor()
    assert meteor._process.stdin is not None
    meteor._process.stdin.close()
    assert meteor._process.wait(timeout=20) == 0
    meteor.close()


def test_meteor_that_dies_is_an_error_with_its_last_words(meteor: Meteor) -> None:
    with pytest.raises(EngineError) as caught:
        meteor.scores(["die"])
    assert str(caught.value).startswith("METEOR ended before it answered, or took more than ")
    assert str(caught.value).endswith(": out of memory")
    assert not Path(f"/proc/{meteor.process_id}").exists()
    with pytest.raises(EngineError, match="METEOR has been closed"):
        meteor.scores(["0.5"])


def test_meteor_that_gives_too_few_answers_is_ended(
    meteor: Meteor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(java, "TIMEOUT_SECONDS", 0.5)
    with pytest.raises(EngineError, match="took more than"):
        meteor.scores(["wait"])
    assert not Path(f"/proc/{meteor.process_id}").exists()


def test_meteor_that_has_answered_in_time_is_not_ended_later(meteor: Meteor) -> None:
    meteor.scores(["0.5"])
    timers = [thread for thread in threading.enumerate() if isinstance(thread, threading.Timer)]
    for timer in timers:
        timer.join(5)
    assert not any(timer.is_alive() for timer in timers)


@pytest.mark.usefixtures("no_java")
def test_meteor_that_cannot_be_run_is_an_error_that_says_what_to_check() -> None:
    with pytest.raises(EngineError) as caught:
        Meteor()
    assert str(caught.value).startswith("METEOR cannot be run: ")
    assert str(caught.value).endswith("; check that `java -version` works")


@needs_java
@pytest.mark.timeout(600)
def test_meteor_that_is_killed_is_an_error() -> None:
    meteor = Meteor()
    os.kill(meteor.process_id, signal.SIGKILL)
    with pytest.raises(EngineError, match="METEOR ended before it answered"):
        meteor.statistics([("a dog", ["a cat"])] * 50)
    with pytest.raises(EngineError, match="METEOR has been closed"):
        meteor.scores([])


@needs_java
@pytest.mark.timeout(600)
def test_meteor_that_does_not_answer_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(java, "TIMEOUT_SECONDS", 0.05)
    meteor = Meteor()
    with pytest.raises(EngineError, match="took more than"):
        meteor.statistics([("a dog", ["a cat"])])
    assert not Path(f"/proc/{meteor.process_id}").exists()


DRIVER = """
import time
from syned.captioning.metrics.java import Meteor
meteor = Meteor()
print(meteor.process_id, flush=True)
time.sleep(600)
"""


def check_that_it_ends_with_its_parent(seconds: float) -> None:
    with subprocess.Popen([sys.executable, "-c", DRIVER], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        number = int(process.stdout.readline())
        process.kill()
    until = time.monotonic() + seconds
    while runs(number) and time.monotonic() < until:
        time.sleep(0.02)
    assert not runs(number)


def test_no_pipe_of_meteor_outlives_a_process_that_is_killed(fake: Path) -> None:
    fake.write_text(METEOR)
    check_that_it_ends_with_its_parent(60)


@needs_java
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_nothing_is_left_running_when_this_process_is_killed() -> None:
    check_that_it_ends_with_its_parent(300)
