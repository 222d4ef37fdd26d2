"""A model hub on this machine that has one dataset, enough of one to fetch its files from."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

COMMIT = "0" * 40


@contextmanager
def stub_hub(dataset: str, folder: Path) -> Iterator[tuple[str, list[str]]]:
    """Serve the files of a folder as a dataset.

    Yields:
        The hub's address, and the paths of all files that were fetched, as they come.
    """
    files = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    fetched: list[str] = []
    handler = type("Handler", (_Handler,), {"dataset": dataset, "files": files, "got": fetched})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", fetched
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    dataset: str
    files: dict[str, bytes]
    got: list[str]

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        path, api = unquote(parts.path), f"/api/datasets/{self.dataset}"
        if path.startswith(f"{api}/tree/"):
            _, _, folder = path.removeprefix(f"{api}/tree/").partition("/")
            self._json(self._tree(folder, recursive="recursive=true" in parts.query.lower()))
        elif path == api or path.startswith(f"{api}/revision/"):
            names = [{"rfilename": name} for name in self.files]
            self._json({"id": self.dataset, "sha": COMMIT, "siblings": names})
        elif path.startswith(f"/datasets/{self.dataset}/resolve/{COMMIT}/"):
            self._file(path.partition(f"/resolve/{COMMIT}/")[2])
        else:
            self._json({"error": "Repository not found"}, 404)

    def _tree(self, folder: str, *, recursive: bool) -> list[dict[str, Any]]:
        start = f"{folder}/" if folder else ""
        inside = [name.removeprefix(start) for name in self.files if name.startswith(start)]
        found = [
            _entry(start + name, self.files[start + name])
            for name in inside
            if recursive or "/" not in name
        ]
        folders = dict.fromkeys(name.partition("/")[0] for name in inside if "/" in name)
        return [*found, *(_folder(start + name) for name in folders)]

    def _file(self, name: str) -> None:
        data = self.files.get(name)
        if data is None:
            self.send_response(404)
            self.send_header("X-Error-Code", "EntryNotFound")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(200)
        self.send_header("ETag", f'"{hashlib.sha1(data).hexdigest()}"')
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command == "GET":
            self.got.append(name)
            self.wfile.write(data)

    def _json(self, value: object, status: int = 200) -> None:
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def _entry(path: str, data: bytes) -> dict[str, Any]:
    digest = hashlib.sha1(data).hexdigest()
    return {"type": "file", "path": path, "size": len(data), "oid": digest}


def _folder(path: str) -> dict[str, Any]:
    return {"type": "directory", "path": path, "size": 0, "oid": COMMIT}
