"""Embed images and texts with CLIP or SigLIP, and images with DINOv2.

Any checkpoint that transformers' AutoModel loads will do, if it embeds images and texts in one
space: CLIP, SigLIP, SigLIP 2. "bundled:shapes" is the CLIP that comes with Syned.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from syned.errors import EngineError, OutOfMemory
from syned.models.checkpoints import Checkpoint, find_checkpoint
from syned.models.devices import choose_device, choose_dtype, quiet_libraries

if TYPE_CHECKING:
    import torch

T = TypeVar("T")

_NEEDS = (
    "comparing images needs torch and transformers, which cannot be imported ({}): "
    'pip install "torch==2.13.*" and then pip install "syned[models]"'
)


def encoder_name(name: str, what: str) -> str:
    """The name of an encoder with its revision; loads no weights.

    Args:
        name: as for the encoders below.
        what: what is looked for, in an error's words: "image-text encoder".

    Raises:
        ConfigError: no such encoder comes with Syned.
        EngineError: there is no such folder, or the hub does not know it or cannot be reached.
    """
    checkpoint = _find(name, what)
    return f"{checkpoint.name}@{checkpoint.revision}"


class TransformersImageTextEncoder:
    """A CLIP, SigLIP or SigLIP 2.

    Args:
        name: hub id with an optional "@revision", folder, or "bundled:shapes".
        device: "auto", "cpu", "cuda", "cuda:N" or "mps".
        dtype: "auto" (bfloat16 on CUDA, float32 elsewhere), "float32", "bfloat16" or "float16".
        batch_size: images, or texts, at a time.

    Raises:
        ConfigError: the device is not on this machine.
        EngineError: it cannot be found or loaded, or embeds no texts.
    """

    def __init__(self, name: str, *, device: str, dtype: str, batch_size: int) -> None:
        self._model, checkpoint = _load(name, "image-text encoder", device, dtype)
        if not hasattr(self._model, "get_text_features"):
            raise EngineError(
                f"image-text encoder {name!r} is a {self._model.config.model_type!r}, which cannot "
                "embed texts; a CLIP or SigLIP is needed, such as openai/clip-vit-large-patch14 or "
                "bundled:shapes"
            )
        self.name = f"{checkpoint.name}@{checkpoint.revision}"
        self._images = _image_processor(name, checkpoint)
        self._tokenizer = _tokenizer(name, checkpoint)
        self._padding = _text_padding(self._model)
        self._batch_size = batch_size

    def embed_images(self, images: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """Unit vectors, shape (images, d).

        Raises:
            OutOfMemory: a batch does not fit on the device.
        """
        return _embed(images, self._batch_size, self._image_features)

    def embed_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors, shape (texts, d); a text too long for the model is cut off.

        Raises:
            OutOfMemory: a batch does not fit on the device.
        """
        return _embed(texts, self._batch_size, self._text_features)

    def _image_features(self, images: Sequence[NDArray[np.uint8]]) -> torch.Tensor:
        pixels = _pixels(self._images, images, self._model)
        return _pooled(self._model.get_image_features(pixel_values=pixels))

    def _text_features(self, texts: Sequence[str]) -> torch.Tensor:
        tokens = self._tokenizer(
            list(texts),
            padding=self._padding,
            max_length=self._model.config.text_config.max_position_embeddings,
            truncation=True,
            return_tensors="pt",
        ).to(self._model.device)
        return _pooled(self._model.get_text_features(**tokens))


class TransformersImageEncoder:
    """A DINOv2, or another model of its kind whose first token stands for the whole image.

    Args:
        name: hub id with an optional "@revision", or folder.
        device: as for `TransformersImageTextEncoder`, and so are `dtype` and `batch_size`.
        dtype: of the weights.
        batch_size: images at a time.

    Raises:
        ConfigError: the device is not on this machine.
        EngineError: it cannot be found or loaded, or is of no such kind.
    """

    def __init__(self, name: str, *, device: str, dtype: str, batch_size: int) -> None:
        self._model, checkpoint = _load(name, "image encoder", device, dtype)
        if "dino" not in self._model.config.model_type:
            raise EngineError(
                f"image encoder {name!r} is a {self._model.config.model_type!r}; a DINOv2 is "
                "needed, such as facebook/dinov2-base"
            )
        self.name = f"{checkpoint.name}@{checkpoint.revision}"
        self._images = _image_processor(name, checkpoint)
        self._batch_size = batch_size

    def embed_images(self, images: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """Unit vectors of the class token, shape (images, d).

        Raises:
            OutOfMemory: a batch does not fit on the device.
        """
        return _embed(images, self._batch_size, self._features)

    def _features(self, images: Sequence[NDArray[np.uint8]]) -> torch.Tensor:
        pixels = _pixels(self._images, images, self._model)
        features: torch.Tensor = self._model(pixel_values=pixels).last_hidden_state[:, 0]
        return features


def _load(name: str, what: str, device: str, dtype: str) -> tuple[Any, Checkpoint]:
    """The model on its device, in evaluation mode, and where it came from."""
    try:
        quiet_libraries()
        from transformers import AutoModel
    except ImportError as error:
        raise EngineError(_NEEDS.format(error)) from error
    chosen = choose_device(device)
    checkpoint = _find(name, what)
    with _told(name, what):
        model = AutoModel.from_pretrained(
            checkpoint.location,
            revision=checkpoint.hub_revision,
            dtype=choose_dtype(dtype, chosen),
        )
    return model.eval().to(chosen), checkpoint


@contextmanager
def _told(name: str, what: str) -> Iterator[None]:
    """Errors of transformers' loading as one sentence that names the checkpoint."""
    try:
        yield
    except ImportError as error:
        raise EngineError(f"{what} {name!r} needs a library that is missing: {error}") from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise EngineError(
            f"{what} {name!r} cannot be loaded: {error}; what is needed is a folder that "
            "save_pretrained of a transformers model and of its processor has written"
        ) from error


def _image_processor(name: str, checkpoint: Checkpoint) -> Any:
    """Resizes and normalises as the model was trained; by Pillow, so torchvision is not needed."""
    from transformers import AutoImageProcessor

    with _told(name, "image encoder"):
        return AutoImageProcessor.from_pretrained(
            checkpoint.location, revision=checkpoint.hub_revision, backend="pil"
        )


def _tokenizer(name: str, checkpoint: Checkpoint) -> Any:
    from transformers import AutoTokenizer

    with _told(name, "image-text encoder"):
        return AutoTokenizer.from_pretrained(checkpoint.location, revision=checkpoint.hub_revision)


def _text_padding(model: Any) -> str:
    """SigLIP was trained on texts that are all padded to the full length; CLIP ignores padding."""
    return "max_length" if model.config.model_type.startswith("siglip") else "longest"


def _pixels(processor: Any, images: Sequence[NDArray[np.uint8]], model: Any) -> torch.Tensor:
    """Shape (images, 3, h, w), on the model's device, in its precision."""
    inputs = processor(images=list(images), input_data_format="channels_last", return_tensors="pt")
    pixels: torch.Tensor = inputs["pixel_values"].to(model.device, model.dtype)
    return pixels


def _pooled(output: Any) -> torch.Tensor:
    """The embeddings, whether a model returns them alone or among its outputs."""
    pooled: torch.Tensor = getattr(output, "pooler_output", output)
    return pooled


def _embed(
    inputs: Sequence[T], batch_size: int, features: Callable[[Sequence[T]], torch.Tensor]
) -> NDArray[np.float32]:
    """Features of length 1, a batch at a time, shape (inputs, d)."""
    import torch

    parts: list[NDArray[np.float32]] = []
    try:
        with torch.inference_mode():
            for start in range(0, len(inputs), batch_size):
                vectors = features(inputs[start : start + batch_size]).float()
                parts.append(torch.nn.functional.normalize(vectors, dim=1).cpu().numpy())
    except torch.OutOfMemoryError as error:
        torch.cuda.empty_cache()
        raise OutOfMemory(
            f"{batch_size} images or texts at a time do not fit on the device; lower the batch size"
        ) from error
    return np.concatenate(parts) if parts else np.zeros((0, 0), np.float32)


def _find(name: str, what: str) -> Checkpoint:
    return find_checkpoint(
        name,
        what=what,
        marker="config.json",
        hint="save_pretrained of a transformers model writes one",
        instead="name a folder or bundled:shapes",
        bundled_kind="clip",
    )
