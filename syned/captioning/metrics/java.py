"""Run the two parts of COCO-caption that are Java programs: the PTB tokenizer and METEOR.

Both come with the package `pycocoevalcap`. Its own wrappers are not used: they write beside their
code, print, lose count of lines when a text has an odd line break, and leave METEOR running when
something goes wrong.
"""

from __future__ import annotations

import importlib.util
import subprocess
import tempfile
import threading
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import IO

from syned.errors import EngineError

TIMEOUT_SECONDS = 900.0
"""For all texts of the tokenizer, and for each batch of METEOR, whose first one loads its data."""

MOST_WORDS = 200
"""What METEOR sees of a text. It would take minutes for a captioner's endless repetition."""

_AT_ONCE = 32
"""Pairs that are sent to METEOR before it is asked for answers; they fit into a pipe."""

# Garbage collection in one thread leaves the other cores alone; texts are UTF-8 in any locale.
_JAVA_OPTIONS = ("-XX:+UseSerialGC", "-Dfile.encoding=UTF-8")

_WAY_ON = "check that `java -version` works"

# As in pycocoevalcap, which takes it from COCO-caption.
_DROPPED = frozenset("'' ' `` ` -LRB- -RRB- -LCB- -RCB- . ? ! , : - -- ... ;".split())


def java_is_there() -> bool:
    """Whether Java can be run; some systems have a `java` that only says how to get one."""
    try:
        said = subprocess.run(["java", "-version"], capture_output=True, timeout=TIMEOUT_SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return said.returncode == 0


def metrics_folder() -> Path:
    """Where pycocoevalcap lies.

    Raises:
        EngineError: it is not installed.
    """
    spec = importlib.util.find_spec("pycocoevalcap")
    places = list(spec.submodule_search_locations or ()) if spec is not None else []
    if not places:
        raise EngineError('metrics need pycocoevalcap: pip install "syned[idc]"')
    return Path(places[0])


def ptb_tokens(texts: Sequence[str]) -> list[str]:
    """Words of texts as COCO-caption takes them: in lower case, without punctuation.

    Args:
        texts: each in one line, without control characters, not empty.

    Returns:
        For each text its words, with single spaces between them.

    Raises:
        EngineError: the tokenizer fails.
    """
    if not texts:
        return []
    folder = metrics_folder() / "tokenizer"
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / "texts.txt"
        file.write_text("".join(f"{text}\n" for text in texts), "utf-8", errors="replace")
        lines = _run_tokenizer(folder, file)
    if len(lines) != len(texts):
        raise EngineError(
            f"the PTB tokenizer gave {len(lines)} lines for {len(texts)} texts; it must give one "
            "for each"
        )
    return [" ".join(w for w in line.split(" ") if w and w not in _DROPPED) for line in lines]


def _run_tokenizer(folder: Path, file: Path) -> list[str]:
    command = [
        *("java", *_JAVA_OPTIONS, "-cp", str(folder / "stanford-corenlp-3.4.1.jar")),
        *("edu.stanford.nlp.process.PTBTokenizer", "-preserveLines", "-lowerCase", str(file)),
    ]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=TIMEOUT_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EngineError(f"the PTB tokenizer cannot be run: {error}; {_WAY_ON}") from error
    if done.returncode != 0:
        raise EngineError(f"the PTB tokenizer failed: {_last_line(done.stderr)}")
    lines = done.stdout.decode("utf-8", errors="replace").split("\n")
    return lines[:-1] if lines and not lines[-1] else lines


class Meteor:
    """METEOR 1.5, running until it is closed, forgotten, or this process has ended.

    It ends by itself when its input does, so that even a kill of this process leaves nothing.

    Raises:
        EngineError: Java or pycocoevalcap is missing.
    """

    def __init__(self) -> None:
        command = ["java", *_JAVA_OPTIONS, "-Xmx2G", "-jar", "meteor-1.5.jar"]
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as METEOR runs
        try:
            # Its own session: Ctrl-C is for us, and ends it through us.
            self._process = subprocess.Popen(
                [*command, "-", "-", "-stdio", "-l", "en", "-norm"],
                cwd=metrics_folder() / "meteor",
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._log,
                start_new_session=True,
            )
        except OSError as error:
            self._log.close()
            raise EngineError(f"METEOR cannot be run: {error}; {_WAY_ON}") from error
        self.close = weakref.finalize(self, _end, self._process, self._log)
        """Ends it; again is no mistake."""

    @property
    def process_id(self) -> int:
        return self._process.pid

    def statistics(self, pairs: Sequence[tuple[str, Sequence[str]]]) -> list[str]:
        """What METEOR counts in each prediction and its references, in its own notation.

        Args:
            pairs: words of a prediction, and of its references.

        Raises:
            EngineError: METEOR fails.
        """
        answers: list[str] = []
        waiting = iter(pairs)
        while batch := list(islice(waiting, _AT_ONCE)):
            lines = [
                " ||| ".join(("SCORE", *map(_cut, references), _cut(prediction)))
                for prediction, references in batch
            ]
            answers += self._ask(lines, len(batch))
        return answers

    def scores(self, statistics: Sequence[str]) -> tuple[float, list[float]]:
        """The score of a set, which is not the mean of the scores of its pairs; and these.

        Raises:
            EngineError: METEOR fails.
        """
        answers = self._ask([" ||| ".join(("EVAL", *statistics))], len(statistics) + 1)
        *each, whole = map(float, answers)
        return whole, each

    def _ask(self, lines: Sequence[str], answers: int) -> list[str]:
        process = self._process
        if process.stdin is None or process.stdout is None or process.stdin.closed:
            raise EngineError("METEOR has been closed")
        try:
            with _killed_when_late(process):
                process.stdin.write("".join(f"{line}\n" for line in lines).encode())
                process.stdin.flush()
                found = [process.stdout.readline() for _ in range(answers)]
        except OSError as error:
            raise EngineError(self._problem()) from error
        if not all(found):
            raise EngineError(self._problem())
        return [line.decode().strip() for line in found]

    def _problem(self) -> str:
        """Why there is no answer, in words; nothing is left running."""
        self._process.kill()
        self._process.wait()
        self._log.seek(0)
        said = _last_line(self._log.read())
        self.close()
        limit = f"{TIMEOUT_SECONDS:.0f} seconds for {_AT_ONCE} pairs"
        return f"METEOR ended before it answered, or took more than {limit}: {said}"


@contextmanager
def _killed_when_late(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """A process that does not answer is killed, which ends the waiting for it."""
    timer = threading.Timer(TIMEOUT_SECONDS, process.kill)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _end(process: subprocess.Popen[bytes], log: IO[bytes]) -> None:
    process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout, log):
        if stream is not None:
            _close(stream)


def _close(stream: IO[bytes]) -> None:
    """Close a pipe; what is left in it for a process that has ended is lost."""
    try:
        stream.close()
    except BrokenPipeError:
        stream.close()


def _cut(words: str) -> str:
    """As METEOR is given them: no separator of its own inside."""
    return " ".join(words.replace("|||", " ").split()[:MOST_WORDS])


def _last_line(output: bytes) -> str:
    lines = output.decode("utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"
