"""The worker process that `vllm_engine.py` starts: vLLM's offline engine, fed with JSON.

It runs with the Python of the environment that has vLLM, as a plain file, and imports nothing of
Syned. A process of its own frees the GPU for certain when it ends. It reads JSON lines from
standard input and answers on standard output:

    in   {"engine": {...}}                                       first, once
    out  {"ready": true}
    in   {"key": ..., "messages": [...], "sampling": {...}}      any number, at any time
    out  {"key": ..., "answers": [...], "cut_off": [...], "new_tokens": n}   as each gets done
    out  {"key": ..., "refused": why}                            for one that the engine cannot take

The end of standard input ends it at once, in the middle of loading as well, so it never outlives
who started it.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import sys
import threading
from typing import Any, NoReturn, TextIO


def main() -> None:
    """Answer until standard input ends."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)  # whatever else is printed belongs to the log
    lines: queue.Queue[dict[str, Any]] = queue.Queue()
    threading.Thread(target=_read, args=(lines,), daemon=True).start()
    first = lines.get()
    from vllm import LLM

    llm = LLM(**first["engine"])
    _write(out, {"ready": True})
    _serve(llm, lines, out)


def _serve(llm: Any, lines: queue.Queue[dict[str, Any]], out: TextIO) -> NoReturn:
    """Feed the engine with all that has come in, and write what gets done, step by step."""
    engine, tokenizer = llm.llm_engine, llm.get_tokenizer()
    while True:
        for request in _taken(lines, wait=not engine.has_unfinished_requests()):
            try:
                tokens = tokenizer.apply_chat_template(
                    request["messages"], add_generation_prompt=True, return_dict=False
                )
                (prompt,) = engine.renderer.render_cmpl([{"prompt_token_ids": tokens}])
                engine.add_request(request["key"], prompt, _sampling(request))
            except ValueError as error:  # longer than the model reads, as a rule
                _write(out, {"key": request["key"], "refused": str(error)})
        if engine.has_unfinished_requests():
            for result in engine.step():
                if result.finished:
                    _write(out, _reply(result))


def _sampling(request: dict[str, Any]) -> Any:
    """All answers to a request together, once they are complete."""
    from vllm import SamplingParams
    from vllm.sampling_params import RequestOutputKind

    return SamplingParams(**request["sampling"], output_kind=RequestOutputKind.FINAL_ONLY)


def _taken(lines: queue.Queue[dict[str, Any]], *, wait: bool) -> list[dict[str, Any]]:
    """What has come in; with nothing else to do, at least one."""
    taken = [lines.get()] if wait else []
    while True:
        try:
            taken.append(lines.get_nowait())
        except queue.Empty:
            return taken


def _reply(result: Any) -> dict[str, Any]:
    return {
        "key": result.request_id,
        "answers": [output.text for output in result.outputs],
        "cut_off": [output.finish_reason == "length" for output in result.outputs],
        "new_tokens": sum(len(output.token_ids) for output in result.outputs),
    }


def _read(lines: queue.Queue[dict[str, Any]]) -> None:
    for line in sys.stdin:
        lines.put(json.loads(line))
    if os.getpgrp() == os.getpid():  # the engine's own processes end with this one
        os.killpg(0, signal.SIGTERM)
    os._exit(0)


def _write(out: TextIO, values: dict[str, Any]) -> None:
    out.write(json.dumps(values) + "\n")
    out.flush()


if __name__ == "__main__":
    main()
