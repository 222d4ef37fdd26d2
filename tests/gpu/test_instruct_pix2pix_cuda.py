"""The editor on a real GPU; small random weights suffice for what differs there."""

from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from syned.errors import OutOfMemory  # noqa: E402
from syned.generate.edit import generate  # noqa: E402
from syned.models.editors.load import load_editor  # noqa: E402
from tests.models.editors.test_instruct_pix2pix import job  # noqa: E402
from tests.tiny_checkpoints import write_instruct_pix2pix  # noqa: E402

requires_gpu = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device on this machine"),
]
pytestmark = requires_gpu


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_instruct_pix2pix(tmp_path_factory.mktemp("checkpoint"))


def test_bfloat16_is_the_default_and_edits(checkpoint: Path) -> None:
    editor = load_editor(
        str(checkpoint), scheduler="UniPCMultistepScheduler", device="auto", dtype="auto",
        batch_size=4,
    )  # fmt: skip
    assert getattr(editor, "dtype", "") == "bfloat16"
    results = editor.edit([job(i) for i in range(4)], steps=4)
    assert all(r.pixels is not None for r in results)


def test_a_batch_that_does_not_fit_is_halved_until_it_does(checkpoint: Path) -> None:
    editor = load_editor(
        str(checkpoint), scheduler=None, device="cuda", dtype="float32", batch_size=64
    )
    jobs = [job(i, size_px=(512, 512)) for i in range(64)]
    torch.cuda.set_per_process_memory_fraction(0.004)
    try:
        with pytest.raises(OutOfMemory):
            editor.edit(jobs, steps=1)
        made = list(generate(jobs, editor, batch_size=64, steps=1))
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    assert [j.request.edit_id for j, _ in made] == [j.request.edit_id for j in jobs]
