"""Syned: synthetic image edits with captions, and the captioners that learn from them.

    import syned

    run = syned.start_run("shapes", "generate.n=8")
    run.generate()
    for edit in run.edits():
        print(edit.instruction, edit.edited_image)

What is offered here is loaded when it is first used, so that `import syned` takes no time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from syned.errors import ConfigError, DataError, EngineError, RunError, SynedError

__version__ = "0.1.0"

__all__ = [
    "ConfigError",
    "DataError",
    "Edit",
    "EngineError",
    "Run",
    "RunError",
    "SynedError",
    "load_captioner",
    "load_config",
    "open_pairs",
    "open_run",
    "score_captions",
    "start_run",
]

if TYPE_CHECKING:
    from syned.api.captions import load_captioner, open_pairs, score_captions
    from syned.api.edit import Edit
    from syned.api.opening import load_config, open_run, start_run
    from syned.api.run import Run
else:  # hidden from type checkers, which would let any name pass
    _MODULES = {
        "Edit": "syned.api.edit",
        "Run": "syned.api.run",
        "load_captioner": "syned.api.captions",
        "load_config": "syned.api.opening",
        "open_pairs": "syned.api.captions",
        "open_run": "syned.api.opening",
        "score_captions": "syned.api.captions",
        "start_run": "syned.api.opening",
    }

    def __getattr__(name: str) -> object:
        if name not in _MODULES:
            raise AttributeError(f"module 'syned' has no attribute {name!r}")
        from importlib import import_module

        value = getattr(import_module(_MODULES[name]), name)
        globals()[name] = value
        return value

    def __dir__() -> list[str]:
        return sorted(["__doc__", "__version__", *__all__])
