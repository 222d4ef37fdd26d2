from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import HfApi

from syned.errors import RunError
from syned.publish.hub import push


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
