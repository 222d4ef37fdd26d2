"""Captioners to train and trained ones, of either kind."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from transformers.utils import logging  # noqa: E402

from syned.captioning.models.blip2idc import Blip2idc  # noqa: E402
from syned.captioning.models.load import (  # noqa: E402
    NOTE,
    Learner,
    load_captioner,
    start_captioner,
)
from syned.captioning.models.two_stream import TwoStream  # noqa: E402
from syned.config import Blip2idcConfig, CaptionerConfig, NewBlip2, TwoStreamConfig  # noqa: E402
from syned.errors import ConfigError, EngineError  # noqa: E402
from tests.tiny_captioners import captions_of, drawn_pairs, write_clip  # noqa: E402

CPU = torch.device("cpu")
SIZES: dict[str, Any] = {"width": 16, "heads": 2, "max_caption_tokens": 12, "beams": 1}


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clip(tmp_path_factory.mktemp("clip"))


def captioner_of(kind: str, clip: Path) -> CaptionerConfig:
    if kind == "two_stream":
        return TwoStreamConfig(encoder=str(clip), fusion_layers=1, decoder_layers=1, **SIZES)
    new = NewBlip2(
        image_size_px=32,
        patch_size_px=8,
        width=16,
        heads=2,
        vision_layers=1,
        qformer_layers=1,
        text_layers=1,
        query_tokens=2,
    )
    return Blip2idcConfig(new=new, prompt="what changed?", max_caption_tokens=12, beams=1)


def started(config: CaptionerConfig, features: Path, *, seed: int = 0) -> Learner:
    torch.manual_seed(seed)
    return start_captioner(config, captions_of(drawn_pairs(12)), device=CPU, features=features)


def written(config: CaptionerConfig, folder: Path) -> Learner:
    """A captioner as training leaves it."""
    learner = started(config, folder / "features")
    folder.mkdir(exist_ok=True)
    learner.save(folder)
    (folder / NOTE).write_text(json.dumps({"captioner": config.model_dump(mode="json")}))
    return learner


KINDS = pytest.mark.parametrize(("kind", "made"), [("two_stream", TwoStream), ("new", Blip2idc)])


@KINDS
def test_a_captioner_of_the_kind_in_the_settings_is_started(
    kind: str, made: type[Any], clip: Path, tmp_path: Path
) -> None:
    config = captioner_of(kind, clip)
    learner = started(config, tmp_path)
    assert isinstance(learner, made)
    assert learner.config == config


@KINDS
def test_random_weights_follow_from_the_seed(
    kind: str, made: type[Any], clip: Path, tmp_path: Path
) -> None:
    one, same, other = (
        started(captioner_of(kind, clip), tmp_path, seed=seed).model.state_dict()
        for seed in (0, 0, 1)
    )
    assert one.keys() == same.keys() == other.keys()
    assert all(torch.equal(one[name], same[name]) for name in one)
    assert not all(torch.equal(one[name], other[name]) for name in one)


def test_a_two_stream_model_keeps_features_where_it_is_told(clip: Path, tmp_path: Path) -> None:
    learner = started(captioner_of("two_stream", clip), tmp_path / "features")
    learner.reader(drawn_pairs(2), lambda text: None)
    assert list((tmp_path / "features").rglob("*.npy"))


def test_a_two_stream_model_learns_the_words_of_its_captions(clip: Path, tmp_path: Path) -> None:
    learner: Any = started(captioner_of("two_stream", clip), tmp_path)
    ids = learner.tokenizer("the blue square vanished")["input_ids"]
    words = learner.tokenizer.convert_ids_to_tokens(ids)
    assert [word for word in words if word.isalpha()] == ["the", "blue", "square"]


def test_a_model_is_started_on_the_device_that_it_is_trained_on(clip: Path, tmp_path: Path) -> None:
    """The device without memory, which any machine has."""
    learner = start_captioner(
        captioner_of("new", clip),
        captions_of(drawn_pairs(12)),
        device=torch.device("meta"),
        features=tmp_path,
    )
    assert {weight.device.type for weight in learner.model.parameters()} == {"meta"}


@KINDS
def test_what_was_trained_is_loaded_with_its_settings_and_captions(
    kind: str, made: type[Any], clip: Path, tmp_path: Path
) -> None:
    config = captioner_of(kind, clip)
    learner = written(config, tmp_path / "a")
    loaded: Any = load_captioner(tmp_path / "a", device="cpu")
    assert isinstance(loaded, made)
    assert loaded.config == config
    assert loaded.name == learner.name
    pictures = drawn_pairs(2).pictures
    assert loaded.caption(pictures) == learner.caption(pictures)


@pytest.mark.parametrize(
    ("note", "message"),
    [
        (None, r"has no captioner\.json, so it holds no finished captioner; give a folder that"),
        ('{"captioner": {"kind": "two_stream"}, "summary"', r"has no captioner\.json"),
        ('["two_stream"]', r"has no captioner\.json"),
        (
            '{"captioner": {"kind": "blip3"}}',
            r"captioner\.json describes no captioner that this version of Syned knows \(1 of its",
        ),
        ('{"summary": {}}', "describes no captioner that this version of Syned knows"),
        (
            '{"captioner": {"kind": "two_stream", "width": 0, "depth": 3}}',
            r"\(2 of its settings are wrong\); train it again",
        ),
    ],
)
def test_a_folder_that_holds_no_captioner_is_refused(
    note: str | None, message: str, tmp_path: Path
) -> None:
    if note is not None:
        (tmp_path / NOTE).write_text(note)
    with pytest.raises(EngineError, match=message):
        load_captioner(tmp_path, device="cpu")


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without CUDA")
def test_a_device_that_this_machine_lacks_is_refused(clip: Path, tmp_path: Path) -> None:
    written(captioner_of("two_stream", clip), tmp_path / "a")
    with pytest.raises(ConfigError, match="device 'cuda' is not on this machine"):
        load_captioner(tmp_path / "a", device="cuda")


@KINDS
def test_a_captioner_whose_weights_are_gone_is_refused(
    kind: str, made: type[Any], clip: Path, tmp_path: Path
) -> None:
    note = {"captioner": captioner_of(kind, clip).model_dump(mode="json")}
    (tmp_path / NOTE).write_text(json.dumps(note))
    with pytest.raises(EngineError, match=rf"{tmp_path / 'model'}.* "):
        load_captioner(tmp_path, device="cpu")


def test_libraries_are_quiet_before_anything_is_loaded(tmp_path: Path) -> None:
    before = logging.get_verbosity(), logging.is_progress_bar_enabled()
    try:
        logging.set_verbosity_info()
        logging.enable_progress_bar()
        with pytest.raises(EngineError):
            load_captioner(tmp_path, device="cpu")
        assert logging.get_verbosity() == logging.ERROR
        assert not logging.is_progress_bar_enabled()
    finally:
        logging.set_verbosity(before[0])
        (logging.enable_progress_bar if before[1] else logging.disable_progress_bar)()
