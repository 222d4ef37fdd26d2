"""The two-stream captioner: encode both images apart, join their features, write a caption.

    source ─▶ encoder ─▶ a ─┐
              (frozen)      ├ [a, b, b - a] ─▶ fusion transformer ─▶ text decoder ─▶ caption
    edited ─▶ encoder ─▶ b ─┘

Source: the design of CLIP4IDC and the models before it; see docs/captioners.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from transformers import PreTrainedTokenizerFast

from syned.captioning.data.pairs import PairSet
from syned.captioning.models.features import FeatureStore, ImageEncoder, Say
from syned.captioning.models.word_tokenizer import as_sentence, caption_ids, train_word_tokenizer
from syned.captioning.training.draws import Row
from syned.config import TwoStreamConfig
from syned.errors import EngineError
from syned.run.atomic import read_json, write_json

IGNORED = -100
MODEL = "model"


class TwoStreamNetwork(nn.Module):
    """What is trained: fusion and decoder.

    Shape notation:
        - b: pairs in the batch
        - n: tokens of an image (patches, and the class token where the encoder has one)
        - d: width of the encoder
        - w: width of the network
        - t: words of a caption

    Args:
        config: widths and layers.
        tokens: n.
        feature_width: d.
        vocabulary: words that the decoder knows.
    """

    accepts_loss_kwargs = True
    """Told to transformers' Trainer: the loss can be taken over an accumulated batch."""

    def __init__(
        self, config: TwoStreamConfig, *, tokens: int, feature_width: int, vocabulary: int
    ) -> None:
        super().__init__()
        width = config.width
        layer: dict[str, Any] = {
            "d_model": width,
            "nhead": config.heads,
            "dim_feedforward": 4 * width,
            "dropout": config.dropout,
            "activation": "gelu",
            "batch_first": True,
            "norm_first": True,
        }
        self.norm = nn.LayerNorm(feature_width, elementwise_affine=False)
        self.join = nn.Linear(3 * feature_width, width)
        self.place = nn.Parameter(0.02 * torch.randn(tokens, width))
        self.fusion = nn.TransformerEncoder(
            nn.TransformerEncoderLayer(**layer),
            config.fusion_layers,
            norm=nn.LayerNorm(width),
            enable_nested_tensor=False,
        )
        self.words = nn.Embedding(vocabulary, width)
        self.position = nn.Parameter(0.02 * torch.randn(config.max_caption_tokens + 1, width))
        self.decoder = nn.TransformerDecoder(
            nn.TransformerDecoderLayer(**layer), config.decoder_layers, norm=nn.LayerNorm(width)
        )
        self.head = nn.Linear(width, vocabulary)
        nn.init.normal_(self.words.weight, std=0.02)

    def fuse(self, source: Tensor, edited: Tensor) -> Tensor:
        """Features of both images (b, n, d) as what the decoder looks at (b, n, w)."""
        before, after = self.norm(source), self.norm(edited)
        joined: Tensor = self.join(torch.cat([before, after, after - before], dim=-1))
        fused: Tensor = self.fusion(joined + self.place)
        return fused

    def decode(self, input_ids: Tensor, fused: Tensor) -> Tensor:
        """Logits of each next word (b, t, vocabulary), after words (b, t)."""
        length = input_ids.shape[1]
        ahead = torch.ones(length, length, dtype=torch.bool, device=input_ids.device).triu(1)
        words = self.words(input_ids) + self.position[:length]
        logits: Tensor = self.head(self.decoder(words, fused, tgt_mask=ahead, tgt_is_causal=True))
        return logits

    def forward(
        self,
        source: Tensor,
        edited: Tensor,
        input_ids: Tensor,
        labels: Tensor,
        num_items_in_batch: Tensor | int | None = None,
    ) -> dict[str, Tensor]:
        """Loss over the labels (b, t) that are not IGNORED, and the logits."""
        logits = self.decode(input_ids, self.fuse(source, edited))
        total = nn.functional.cross_entropy(
            logits.flatten(0, 1).float(), labels.flatten(), ignore_index=IGNORED, reduction="sum"
        )
        counted = num_items_in_batch or (labels != IGNORED).sum()
        return {"loss": total / counted, "logits": logits}


class TwoStream:
    """The network with its encoder's features and its words.

    Args:
        network: trained, or to be trained.
        encoder: of the images.
        tokenizer: of whole words.
        config: length, beams.
        features: where features are kept.
    """

    def __init__(
        self,
        network: TwoStreamNetwork,
        encoder: ImageEncoder,
        tokenizer: PreTrainedTokenizerFast,
        config: TwoStreamConfig,
        features: Path | None,
    ) -> None:
        self.model, self.encoder, self.tokenizer, self.config = network, encoder, tokenizer, config
        self._features = features
        self.name = "two-stream"

    def reader(self, pairs: PairSet, say: Say) -> Callable[[int], NDArray[np.float16]]:
        """Features of a pair by its number, shape (2, n, d)."""
        if self._features is None:
            return lambda index: self.encoder.encode(pairs.images(index))
        return FeatureStore(self._features, self.encoder).reader(pairs, say)

    def collate(self, rows: Sequence[Row]) -> dict[str, Tensor]:
        """A batch: features of both images, and the caption shifted by one word."""
        seen = torch.from_numpy(np.stack([row.seen for row in rows])).float()  # (b, 2, n, d)
        end, most = int(self.tokenizer.eos_token_id), self.config.max_caption_tokens
        ids = caption_ids(self.tokenizer, [row.caption for row in rows], end=end, most=most)
        longest = max(len(row) for row in ids)
        labels = torch.tensor([[*row, *[IGNORED] * (longest - len(row))] for row in ids])
        start = torch.full((len(rows), 1), int(self.tokenizer.bos_token_id))
        words = labels[:, :-1].masked_fill(labels[:, :-1] == IGNORED, self.tokenizer.pad_token_id)
        return {
            "source": seen[:, 0],
            "edited": seen[:, 1],
            "input_ids": torch.cat([start, words], dim=1),
            "labels": labels,
        }

    @torch.no_grad()
    def check(self, batch: Mapping[str, Tensor]) -> None:
        """Refuse to train a network that does not see the pictures.

        Raises:
            EngineError: it answers the same with other features.
        """
        training = self.model.training
        self.model.eval()
        device = self.model.place.device
        inputs = {name: value.to(device) for name, value in batch.items()}
        other = {"source": inputs["source"].flip(1), "edited": inputs["edited"].flip(2)}
        here, there = (self.model(**{**inputs, **seen})["logits"] for seen in ({}, other))
        self.model.train(training)
        if torch.equal(here, there):
            raise EngineError(
                "the two-stream model answers the same whatever pictures it is given, so it does "
                f"not see them; use another encoder than {self.config.encoder}"
            )

    def caption(self, pairs: Sequence[tuple[Image.Image, Image.Image]]) -> list[str]:
        """One caption for each pair."""
        captions: list[str] = []
        for begin in range(0, len(pairs), self.config.batch_size):
            captions += self._caption(pairs[begin : begin + self.config.batch_size])
        return captions

    def save(self, folder: Path) -> None:
        """Write network and words to `model/`."""
        (folder / MODEL).mkdir(parents=True, exist_ok=True)
        weights = {name: value.contiguous() for name, value in self.model.state_dict().items()}
        save_file(weights, folder / MODEL / "model.safetensors")
        self.tokenizer.save_pretrained(folder / MODEL)
        tokens, width = self.model.place.shape[0], self.model.join.in_features // 3
        shape = {"tokens": tokens, "feature_width": width, "encoder": self.encoder.key}
        write_json(folder / MODEL / "network.json", shape)

    @torch.no_grad()
    def _caption(self, pairs: Sequence[tuple[Image.Image, Image.Image]]) -> list[str]:
        self.model.eval()
        flat = [image for pair in pairs for image in pair]
        device = self.model.place.device
        features = torch.from_numpy(self.encoder.encode(flat)).float().to(device)
        fused = self.model.fuse(features[0::2], features[1::2])
        never = [t for t in self.tokenizer.all_special_ids if t != self.tokenizer.eos_token_id]
        written = write_captions(
            self.model,
            fused,
            start=int(self.tokenizer.bos_token_id),
            end=int(self.tokenizer.eos_token_id),
            never=never,
            most=self.config.max_caption_tokens,
            beams=self.config.beams,
        )
        texts = self.tokenizer.batch_decode(written, skip_special_tokens=True)
        return [as_sentence(text) for text in texts]


def write_captions(
    network: TwoStreamNetwork,
    fused: Tensor,
    *,
    start: int,
    end: int,
    never: Sequence[int],
    most: int,
    beams: int,
) -> Tensor:
    """The likeliest captions by beam search; with one beam, the likeliest word each time.

    Args:
        network: the decoder.
        fused: shape (b, n, w).
        start: id that opens a caption.
        end: id that closes it.
        never: ids that are not written.
        most: words with the end, at most.
        beams: captions in the making that are kept for each pair.

    Returns:
        Ids without the start, shape (b, t), filled up with `end`. Of finished captions, the one
        with the best mean log-likelihood a word.
    """
    pairs, device = fused.shape[0], fused.device
    fused = fused.repeat_interleave(beams, dim=0)
    ids = torch.full((pairs * beams, 1), start, device=device)
    scores = torch.full((pairs, beams), -torch.inf, device=device)
    scores[:, 0] = 0  # all beams begin alike, so that only one may count
    lengths = torch.zeros(pairs * beams, device=device)
    done = torch.zeros(pairs * beams, dtype=torch.bool, device=device)
    first = torch.arange(pairs, device=device)[:, None] * beams
    for _ in range(most):
        logits = network.decode(ids, fused)[:, -1].float()
        logits[:, list(never)] = -torch.inf
        steps = logits.log_softmax(-1)
        steps[done] = -torch.inf
        steps[done, end] = 0
        total = (scores.view(-1, 1) + steps).view(pairs, -1)
        scores, best = total.topk(beams, dim=1)
        rows = (first + best // steps.shape[1]).flatten()
        words = (best % steps.shape[1]).flatten()
        ids = torch.cat([ids[rows], words[:, None]], dim=1)
        lengths = lengths[rows] + ~done[rows]
        done = done[rows] | (words == end)
        if bool(done.all()):
            break
    chosen = (scores / lengths.view(pairs, beams)).argmax(dim=1)
    return ids[first[:, 0] + chosen, 1:]


def start_two_stream(
    config: TwoStreamConfig,
    captions: Sequence[str],
    device: torch.device,
    features: Path | None,
) -> TwoStream:
    """An untrained network over a frozen encoder; random weights follow from torch's seed.

    Raises:
        EngineError: the encoder cannot be loaded.
    """
    encoder = ImageEncoder(config.encoder, device=device, batch_size=config.batch_size)
    tokenizer = train_word_tokenizer(captions, words=config.words)
    tokens, width = encoder.encode([Image.new("RGB", (32, 32))]).shape[1:]
    network = TwoStreamNetwork(
        config, tokens=tokens, feature_width=width, vocabulary=len(tokenizer)
    )
    return TwoStream(network, encoder, tokenizer, config, features)


def load_two_stream(folder: Path, config: TwoStreamConfig, device: torch.device) -> TwoStream:
    """What training wrote to a folder.

    Raises:
        EngineError: the network or its encoder cannot be loaded, or the encoder is another now.
    """
    shape = read_json(folder / MODEL / "network.json")
    if shape is None:
        raise EngineError(f"{folder / MODEL} has no network.json; train the captioner again")
    encoder = ImageEncoder(config.encoder, device=device, batch_size=config.batch_size)
    if shape["encoder"] != encoder.key:
        raise EngineError(
            f"{folder} was trained on features of another {config.encoder} ({shape['encoder']}, "
            f"now {encoder.key}); name the one it was, or train it again"
        )
    tokenizer = PreTrainedTokenizerFast.from_pretrained(folder / MODEL)
    network = TwoStreamNetwork(
        config,
        tokens=shape["tokens"],
        feature_width=shape["feature_width"],
        vocabulary=len(tokenizer),
    )
    network.load_state_dict(load_file(folder / MODEL / "model.safetensors"))
    return TwoStream(network.to(device), encoder, tokenizer, config, None)
