"""A server with the two addresses that Syned uses."""

from __future__ import annotations

import argparse
import json
import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self._answer(b"{}")

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        message = {"role": "assistant", "content": body["messages"][-1]["content"] + " now"}
        choice = {"index": 0, "finish_reason": "stop", "message": message}
        answer = {"id": "x", "object": "chat.completion", "created": 1, "model": body["model"]}
        self._answer(json.dumps({**answer, "choices": [choice] * body["n"]}).encode())

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def main() -> None:
    parser = argparse.ArgumentParser()
    for flag in ("--model", "--served-model-name", "--host", "--port", "--max-model-len"):
        parser.add_argument(flag, required=True)
    parser.add_argument("--enforce-eager", action="store_true")
    given = parser.parse_args()
    if "broken" in given.model:
        print("ValueError: no weights in this folder", file=sys.stderr)
        raise SystemExit(1)
    Path(given.model, "server.pid").write_text(str(os.getpid()))
    ThreadingHTTPServer((given.host, int(given.port)), Handler).serve_forever()


if __name__ == "__main__":
    main()
