"""vLLM's offline engine in a process of its own, whose end frees the GPU for certain.

Run by `vllm_chat.py` with the Python of the environment that has vLLM, as a plain file: it imports
nothing of Syned. It reads JSON lines from standard input and answers on standard output:

    in   {"engine": {...}, "sampling": {...}}                   first, once
    out  {"ready": true}
    in   {"key": ..., "messages": [...]}                         any number, at any time
    out  {"key": ..., "answers": [...], "cut_off": [...], "new_tokens": n}   as each gets done
    out  {"key": ..., "refused": why}                            for one that the engine cannot take

The end of standard input ends it, so it never outlives who started it.
"""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
from typing import Any, TextIO


def main() -> None:
    """Answer until standard input ends."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)  # whatever else is printed belongs to the log
    lines: queue.Queue[dict[str, Any] | None] = queue.Queue()
    threading.Thread(target=_read, args=(lines,), daemon=True).start()
    first = lines.get()
    if first is None:
        return
    from vllm import LLM, SamplingParams
    from vllm.sampling_params import RequestOutputKind

    llm = LLM(**first["engine"])
    # All answers to a request together, once they are complete.
    sampling = SamplingParams(**first["sampling"], output_kind=RequestOutputKind.FINAL_ONLY)
    _write(out, {"ready": True})
    _serve(llm, sampling, lines, out)
    os._exit(0)  # the engine's own processes and threads do not hold up the end


def _serve(llm: Any, sampling: Any, lines: queue.Queue[dict[str, Any] | None], out: TextIO) -> None:
    """Feed the engine with all that has come in, and write what gets done, step by step."""
    engine, tokenizer, ended = llm.llm_engine, llm.get_tokenizer(), False
    while not ended:
        idle = not engine.has_unfinished_requests()
        for request in _taken(lines, wait=idle):
            if request is None:
                ended = True
                break
            try:
                tokens = tokenizer.apply_chat_template(
                    request["messages"], add_generation_prompt=True, return_dict=False
                )
                engine.add_request(request["key"], {"prompt_token_ids": tokens}, sampling.clone())
            except ValueError as error:  # longer than the model reads, as a rule
                _write(out, {"key": request["key"], "refused": str(error)})
        if not ended and engine.has_unfinished_requests():
            for result in engine.step():
                if result.finished:
                    _write(out, _reply(result))


def _taken(lines: queue.Queue[dict[str, Any] | None], *, wait: bool) -> list[dict[str, Any] | None]:
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


def _read(lines: queue.Queue[dict[str, Any] | None]) -> None:
    for line in sys.stdin:
        lines.put(json.loads(line))
    lines.put(None)


def _write(out: TextIO, values: dict[str, Any]) -> None:
    out.write(json.dumps(values) + "\n")
    out.flush()


if __name__ == "__main__":
    main()
