"""The parts of a CLIP's loss reward what they are for."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from torch import Tensor  # noqa: E402
from torch.nn.functional import normalize  # noqa: E402

from syned.config.training import ClipLossWeights  # noqa: E402
from syned.training.clip.caption_facts import CLASSES  # noqa: E402
from syned.training.clip.loss import (  # noqa: E402
    Embedded,
    Helpers,
    clip_losses,
    contrastive_loss,
    directional,
    rightness,
)

WIDTH = 16


def unit(count: int, seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return normalize(torch.randn(count, WIDTH, generator=generator), dim=1)


def embedded(errors: list[float], attempts_match: bool) -> Embedded:
    """Perfect towers, and attempts that match the caption of the result or that of the source."""
    texts, goals = unit(4, 0), unit(4, 1)
    facts = torch.zeros(4, len(CLASSES), dtype=torch.long)
    tried = goals if attempts_match else texts
    return Embedded(texts, goals, tried, texts, goals, torch.tensor(errors), facts, facts)


def test_matching_rows_cost_nothing_and_shuffled_ones_much() -> None:
    images = torch.eye(6)
    assert contrastive_loss(images, images, torch.tensor(100.0)).item() < 1e-6
    assert contrastive_loss(images, images.roll(1, 0), torch.tensor(100.0)).item() > 50


def test_both_directions_count() -> None:
    """Two images near one text: each finds its text, but that text finds only one of them."""
    images, texts = torch.eye(2)[[0, 0]], torch.eye(2)
    loss = contrastive_loss(images, texts, torch.tensor(10.0))
    assert loss.item() == pytest.approx((5.0 + 0.693147) / 2, abs=1e-3)


def test_an_edit_is_half_right_at_the_border() -> None:
    values = rightness(torch.tensor([0.0, 0.5, 1.0]))
    assert values[1] == 0.5
    assert values[0] > 0.98
    assert values[2] < 0.02


def test_the_parts_are_those_that_have_weights() -> None:
    parts = clip_losses(embedded([0.1] * 4, True), torch.tensor(10.0), Helpers(WIDTH))
    assert parts.keys() == ClipLossWeights().model_dump().keys()


@pytest.mark.parametrize("part", ["attempt_text", "attempt_direction"])
def test_similarity_must_say_whether_attempts_are_right(part: str) -> None:
    helpers, scale = Helpers(WIDTH), torch.tensor(10.0)

    def loss(errors: list[float], match: bool) -> float:
        return float(clip_losses(embedded(errors, match), scale, helpers)[part].item())

    assert loss([0.1] * 4, True) < loss([0.1] * 4, False)
    assert loss([0.9] * 4, True) > loss([0.9] * 4, False)


def test_the_error_is_learned_from_image_and_text() -> None:
    seen = [embedded([0.1] * 4, True), embedded([0.9] * 4, False)]
    helpers = Helpers(WIDTH)
    optimizer = torch.optim.Adam(helpers.error.parameters(), 0.05)
    losses = []
    for _ in range(60):
        parts = [clip_losses(s, torch.tensor(1.0), helpers)["attempt_error"] for s in seen]
        loss = torch.stack(parts).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.2 * losses[0]


def test_right_attempts_show_the_facts_of_the_result() -> None:
    """Only they enter the loss of the facts: wrong ones show who knows what."""
    helpers = Helpers(WIDTH)
    losses = [
        clip_losses(embedded([error] * 4, False), torch.tensor(1.0), helpers)["image_facts"].item()
        for error in (0.1, 0.9)
    ]
    assert losses[0] != losses[1]


def test_a_direction_is_that_of_the_texts_their_opposite_or_nothing() -> None:
    step = torch.tensor([[1.0, 2.0], [-1.0, -2.0], [0.0, 0.0]])
    text = torch.tensor([[2.0, 4.0]] * 3)
    assert directional(step, text).tolist() == pytest.approx([1, -1, 0])
