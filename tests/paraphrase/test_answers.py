"""Nothing is asked twice, whoever asked first and whatever happened then."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from syned.errors import RunError
from syned.models.base import Reply, Sampling
from syned.paraphrase.answers import AnswerStore, request_key

SAMPLING = Sampling(answers=2, temperature=0.9, top_p=0.95, max_new_tokens=32)
CHAT = [{"role": "user", "content": "Add a hat"}]


def reply(key: str) -> Reply:
    return Reply(key, ("Put a hat", "“hüt” \ud800"), (False, True), 9)


def test_a_reply_comes_back_as_it_was_also_to_the_next_process(tmp_path: Path) -> None:
    path = tmp_path / "deep/answers.sqlite"
    with AnswerStore(path) as store:
        assert store.get("a") is None
        store.put("m@1", reply("a"))
    with AnswerStore(path) as store:
        assert store.get("a") == reply("a")
        assert len(store) == 1


def test_the_key_changes_with_all_that_changes_the_answer() -> None:
    keys = {
        request_key("m@1", CHAT, SAMPLING, 0),
        request_key("m@2", CHAT, SAMPLING, 0),
        request_key("m@1", [{"role": "user", "content": "Add a cap"}], SAMPLING, 0),
        request_key("m@1", CHAT, replace(SAMPLING, temperature=1.0), 0),
        request_key("m@1", CHAT, SAMPLING, 1),
    }
    assert len(keys) == 5
    assert request_key("m@1", [dict(reversed(CHAT[0].items()))], SAMPLING, 0) in keys


def test_what_got_no_answer_is_asked_again(tmp_path: Path) -> None:
    with AnswerStore(tmp_path / "answers.sqlite") as store:
        store.put("m@1", Reply("a", reason="no_answer"))
        assert store.get("a") is None


def test_two_stores_on_one_file_see_each_other(tmp_path: Path) -> None:
    path = tmp_path / "answers.sqlite"

    def fill(first: int) -> None:
        with AnswerStore(path) as store:
            for i in range(first, first + 50):
                store.put("m@1", reply(str(i)))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(fill, (0, 25, 50, 75)))
    with AnswerStore(path) as store:
        assert len(store) == 125


def test_a_kill_loses_nothing_that_was_put(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys; from pathlib import Path\n"
        "from syned.paraphrase.answers import AnswerStore; from syned.models.base import Reply\n"
        "store = AnswerStore(Path(sys.argv[1]))\n"
        "for i in range(20): store.put('m@1', Reply(str(i), ('x',), (False,), 1))\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    path = tmp_path / "answers.sqlite"
    subprocess.run([sys.executable, "-c", code, str(path)], check=False)
    with AnswerStore(path) as store:
        assert len(store) == 20


def test_a_file_that_is_no_store_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "answers.sqlite"
    path.write_text("this is not a database, and it is long enough to be looked at" * 20)
    with pytest.raises(RunError, match=r"answers\.sqlite cannot be used to store answers"):
        AnswerStore(path)
