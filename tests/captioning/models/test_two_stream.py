"""The two-stream model: features, network, search, what it sees and refuses."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from PIL import Image  # noqa: E402

from syned.captioning.models.two_stream import (  # noqa: E402
    IGNORED,
    TwoStream,
    TwoStreamNetwork,
    start_two_stream,
    write_captions,
)
from syned.captioning.training.draws import Row  # noqa: E402
from syned.config import TwoStreamConfig  # noqa: E402
from syned.errors import EngineError  # noqa: E402
from tests.tiny_captioners import (  # noqa: E402
    DrawnPairs,
    captions_of,
    drawn_pairs,
    write_clip,
)

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clip(tmp_path_factory.mktemp("clip"))


def captioner(clip: Path, **settings: Any) -> TwoStream:
    values = {"encoder": str(clip), "width": 16, "heads": 2, "max_caption_tokens": 12, **settings}
    torch.manual_seed(0)
    config = TwoStreamConfig(**values)
    return start_two_stream(config, captions_of(drawn_pairs(12)), CPU, None)


def rows_of(learner: TwoStream, pairs: DrawnPairs, captions: Sequence[str]) -> list[Row]:
    seen = learner.reader(pairs, lambda text: None)
    return [Row(seen(index), caption) for index, caption in enumerate(captions)]


def test_a_caption_is_learned_word_by_word_with_its_end(clip: Path) -> None:
    learner = captioner(clip)
    captions = ["red became blue", "the red square is green now"]
    batch = learner.collate(rows_of(learner, drawn_pairs(2), captions))
    names = learner.tokenizer.convert_ids_to_tokens
    assert names(batch["input_ids"][0].tolist()) == [
        *("<s>", "red", "became", "blue", "</s>", "<pad>", "<pad>")
    ]
    assert names(batch["labels"][0, :4].tolist()) == ["red", "became", "blue", "</s>"]
    assert (batch["labels"][0, 4:] == IGNORED).all()
    assert names(batch["labels"][1].tolist())[-1] == "</s>"
    assert batch["source"].shape == batch["edited"].shape == (2, 17, 16)


def test_words_that_are_not_yet_written_are_not_seen(clip: Path) -> None:
    network = captioner(clip).model.eval()
    fused = torch.randn(1, 17, 16)
    with torch.no_grad():
        short = network.decode(torch.tensor([[1, 5, 6]]), fused)
        long = network.decode(torch.tensor([[1, 5, 6, 7, 8]]), fused)
    torch.testing.assert_close(long[:, :3], short)


def test_the_loss_is_a_mean_over_words_and_not_over_padding(clip: Path) -> None:
    learner = captioner(clip)
    learner.model.eval()
    captions = ["red became blue", "the red square is green now"]
    rows = rows_of(learner, drawn_pairs(2), captions)
    with torch.no_grad():
        losses = [float(learner.model(**learner.collate([row]))["loss"]) for row in rows]
        together = float(learner.model(**learner.collate(rows))["loss"])
        over_more = learner.model(**learner.collate(rows), num_items_in_batch=22)["loss"]
    assert together == pytest.approx((4 * losses[0] + 7 * losses[1]) / 11, rel=1e-5)
    assert float(over_more) == pytest.approx(together / 2, rel=1e-5)


def test_the_order_of_the_images_matters(clip: Path) -> None:
    network = captioner(clip).model.eval()
    one, other = torch.randn(2, 1, 17, 16)
    with torch.no_grad():
        assert not torch.allclose(network.fuse(one, other), network.fuse(other, one))


def test_a_network_that_sees_is_let_through(clip: Path) -> None:
    learner = captioner(clip)
    learner.model.train()
    learner.check(learner.collate(rows_of(learner, drawn_pairs(2), ["red", "blue"])))
    assert learner.model.training


def test_a_network_that_does_not_see_is_refused(clip: Path) -> None:
    learner = captioner(clip)
    for layer in learner.model.decoder.layers:
        torch.nn.init.zeros_(layer.multihead_attn.out_proj.weight)
    batch = learner.collate(rows_of(learner, drawn_pairs(2), ["red", "blue"]))
    with pytest.raises(EngineError, match="does not see them"):
        learner.check(batch)


def likelihood(network: TwoStreamNetwork, fused: Any, ids: Sequence[int]) -> float:
    with torch.no_grad():
        steps = network.decode(torch.tensor([[1, *ids[:-1]]]), fused).log_softmax(-1)[0]
    return sum(float(steps[place, word]) for place, word in enumerate(ids))


def test_enough_beams_find_the_likeliest_of_all_captions(clip: Path) -> None:
    """Against all captions of up to three words from a vocabulary of three and the end."""
    torch.manual_seed(1)
    config = TwoStreamConfig(encoder="x", width=16, heads=2, max_caption_tokens=8)
    network = TwoStreamNetwork(config, tokens=3, feature_width=4, vocabulary=6).eval()
    torch.nn.init.normal_(network.head.weight)
    fused, end, words = torch.randn(1, 3, 16), 2, (3, 4, 5)
    every = [[*c, end] for n in range(3) for c in itertools.product(words, repeat=n)]
    every += [[*c] for c in itertools.product(words, repeat=3)]
    # START (1) and PAD (0) are never written, so their share goes to the others
    network.head.bias.data[[0, 1]] = -1e9
    best = max(every, key=lambda ids: likelihood(network, fused, ids) / len(ids))
    with torch.no_grad():
        found = write_captions(network, fused, start=1, end=end, never=[0, 1], most=3, beams=40)
    assert found[0].tolist()[: len(best)] == best


def test_one_beam_takes_the_likeliest_word_each_time(clip: Path) -> None:
    torch.manual_seed(2)
    config = TwoStreamConfig(encoder="x", width=16, heads=2, max_caption_tokens=8)
    network = TwoStreamNetwork(config, tokens=3, feature_width=4, vocabulary=30).eval()
    torch.nn.init.normal_(network.head.weight)
    fused = torch.randn(4, 3, 16)
    with torch.no_grad():
        found = write_captions(network, fused, start=1, end=2, never=[0, 1], most=6, beams=1)
        for row in range(4):
            ids = [1]
            while len(ids) <= 6 and ids[-1] != 2:
                logits = network.decode(torch.tensor([ids]), fused[row : row + 1])[0, -1]
                logits[[0, 1]] = -torch.inf
                ids.append(int(logits.argmax()))
            assert found[row, : len(ids) - 1].tolist() == ids[1:]


def test_captions_do_not_depend_on_the_batch(clip: Path) -> None:
    pairs = drawn_pairs(3).pictures
    together = captioner(clip, beams=2).caption(pairs)
    assert captioner(clip, beams=2, batch_size=1).caption(pairs) == together


def test_pictures_of_any_size_are_seen_whole(clip: Path) -> None:
    """A mark at the edge, which CLIP's own crop would cut off, changes the features."""
    encoder = captioner(clip).encoder
    plain = Image.new("RGB", (96, 32), "white")
    marked = plain.copy()
    marked.paste((255, 0, 0), (0, 0, 8, 32))
    features = encoder.encode([plain, marked])
    assert features.shape == (2, 17, 16)
    assert abs(features[0] - features[1]).max() > 0


def test_an_encoder_that_cannot_be_loaded_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"has no config.json, so it is no image encoder"):
        captioner(tmp_path)
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(EngineError, match=r"image encoder .* cannot be loaded"):
        captioner(tmp_path)
