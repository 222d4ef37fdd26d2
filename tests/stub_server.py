"""An OpenAI-compatible server that answers as badly as it is told to."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Behave = Callable[[int, dict[str, Any]], tuple[int, bytes | None]]
"""Number of the request from 0 and its body -> status and body; None closes the connection."""


class StubServer:
    """What was asked, and where."""

    def __init__(self, behave: Behave) -> None:
        self.behave = behave
        self.asked: list[dict[str, Any]] = []
        self.keys: set[str | None] = set()
        self.most_at_once = 0
        self.at_once = 0
        self.lock = threading.Lock()
        self.url = ""

    def texts(self) -> list[str]:
        return [body["messages"][-1]["content"] for body in self.asked]


@contextmanager
def stub_server(behave: Behave) -> Iterator[StubServer]:
    stub = StubServer(behave)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with stub.lock:
                number = len(stub.asked)
                stub.asked.append(body)
                stub.keys.add(self.headers.get("Authorization"))
                stub.at_once += 1
                stub.most_at_once = max(stub.most_at_once, stub.at_once)
            status, answer = stub.behave(number, body)
            with stub.lock:
                stub.at_once -= 1
            if answer is None:
                self.close_connection = True
                self.connection.close()
                return
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            if status == 429:
                self.send_header("Retry-After", "0.01")
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    stub.url = f"http://127.0.0.1:{server.server_port}/v1"
    try:
        yield stub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def completion(body: dict[str, Any], *, most: int = 99, finish: str = "stop") -> bytes:
    """A good answer: the last message, reworded."""
    text = body["messages"][-1]["content"]
    endings = [
        "now",
        "here",
        "please",
        "in this picture",
        "in the image",
        "at once",
        "soon",
        "then",
    ]
    choices = [
        {
            "index": i,
            "finish_reason": finish,
            "message": {"role": "assistant", "content": f"{text} {endings[i % 8]}"},
        }
        for i in range(min(body["n"], most))
    ]
    answer = {
        "id": "x",
        "object": "chat.completion",
        "created": 1,
        "model": body["model"],
        "choices": choices,
        "usage": {"prompt_tokens": 5, "completion_tokens": 3, "total_tokens": 8},
    }
    return json.dumps(answer).encode()


def good(number: int, body: dict[str, Any]) -> tuple[int, bytes | None]:
    return 200, completion(body)


def error(status: int, message: str = "no") -> tuple[int, bytes]:
    return status, json.dumps({"error": {"message": message, "type": "x"}}).encode()
