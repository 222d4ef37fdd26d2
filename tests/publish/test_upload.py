"""Uploading to a hub that answers, refuses, or is not there."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
from huggingface_hub import HfApi

from syned import pipeline
from syned.errors import RunError
from syned.publish.upload import push
from tests.conftest import HeardProgress, make_config
from tests.made_up_run import MadeUp, make_run


class NotedHub:
    """Notes what it is asked for."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []

    def create_repo(self, repo_id: str, **options: object) -> str:
        self.asked.append({"repo_id": repo_id, **options})
        return f"https://hub/datasets/{repo_id}"

    def upload_folder(self, **options: object) -> None:
        self.asked.append(options)


def test_a_repository_is_made_and_the_folder_uploaded_over_an_earlier_one(tmp_path: Path) -> None:
    hub = NotedHub()

    url = push(tmp_path, "me/edits", private=True, hub=hub)

    assert url == "https://hub/datasets/me/edits"
    made, uploaded = hub.asked
    assert made == {
        "repo_id": "me/edits",
        "repo_type": "dataset",
        "private": True,
        "exist_ok": True,
    }
    assert uploaded["folder_path"] == str(tmp_path)
    assert uploaded["repo_type"] == "dataset"
    assert uploaded["delete_patterns"] == ["data/*.parquet"]


class StubHub(BaseHTTPRequestHandler):
    """As much of the hub as an upload of small files asks for."""

    files: ClassVar[dict[str, bytes]] = {}

    def do_GET(self) -> None:
        self._answer([{"type": "file", "path": p, "size": 1, "oid": "0" * 40} for p in self.files])

    def do_POST(self) -> None:
        data = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        address = f"http://{self.headers['Host']}/datasets/me/edits"
        if self.path == "/api/repos/create":
            self._answer({"url": address})
        elif self.path == "/api/datasets/me/edits/preupload/main":
            paths = [file["path"] for file in json.loads(data)["files"]]
            upload = {"uploadMode": "regular", "shouldIgnore": False}
            self._answer({"files": [{"path": path, **upload} for path in paths]})
        elif self.path == "/api/datasets/me/edits/commit/main":
            for line in data.splitlines():
                self._commit(**json.loads(line))
            self._answer({"commitUrl": f"{address}/commit/{'1' * 40}", "commitOid": "1" * 40})
        else:
            self._answer({})

    def _commit(self, key: str, value: dict[str, str]) -> None:
        if key == "file":
            self.files[value["path"]] = base64.b64decode(value["content"])
        elif key == "deletedFile":
            del self.files[value["path"]]

    def _answer(self, value: object) -> None:
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


def test_an_upload_replaces_an_earlier_dataset_and_leaves_nothing_of_it(tmp_path: Path) -> None:
    made = pipeline.publish(make_config(), make_run(tmp_path, MadeUp(16)), HeardProgress())
    kept = {".gitattributes": b"x", "LICENSE": b"mine"}
    StubHub.files = {"README.md": b"old", "data/train-00009-of-00010.parquet": b"old", **kept}

    with serving(StubHub) as address:
        hub = HfApi(endpoint=address, token="hf_any")
        url = push(made.path, "me/edits", private=True, hub=hub)

    assert url == f"{address}/datasets/me/edits"
    assert StubHub.files == kept | {
        file.relative_to(made.path).as_posix(): file.read_bytes()
        for file in made.path.rglob("*")
        if file.is_file()
    }


class RefusingHub(BaseHTTPRequestHandler):
    """Answers every request with 401, as the hub does without a valid token."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = json.dumps({"error": "Invalid username or password."}).encode()
        self.send_response(401)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_hub_that_refuses_the_token_is_told_in_one_sentence(tmp_path: Path) -> None:
    with serving(RefusingHub) as address:
        hub = HfApi(endpoint=address, token="hf_wrong")
        with pytest.raises(RunError) as error:
            push(tmp_path, "me/edits", private=True, hub=hub)

    assert str(error.value).startswith("me/edits could not be uploaded (")
    assert "401" in str(error.value)
    assert "`hf auth login`" in str(error.value)
    assert "\n" not in str(error.value)


def test_a_hub_that_is_not_there_is_told_in_one_sentence(tmp_path: Path) -> None:
    hub = HfApi(endpoint="http://127.0.0.1:9", token="hf_any")

    with pytest.raises(RunError, match=f"me/edits could not be uploaded .*{tmp_path} is complete"):
        push(tmp_path, "me/edits", private=True, hub=hub)
