"""Edit images with an InstructPix2Pix pipeline of diffusers, a batch at a time.

The pipeline's own call encodes every instruction and every source image each time, takes one pair
of guidance scales for a whole batch, and resizes or repeats images that do not match. This engine
makes the same images from the same parts, but encodes what returns only once, takes each request's
own scales and seed, and checks what goes in and comes out.

Shape notation:
    - b: jobs in the batch
    - c: latent channels
    - h, w: latent height and width
    - t: tokens of the text encoder
    - d: its width

Source: diffusers 0.42, pipeline_stable_diffusion_instruct_pix2pix.py (`__call__`, steps 1 to 9).
"""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from diffusers import StableDiffusionInstructPix2PixPipeline
from diffusers.utils.torch_utils import randn_tensor
from numpy.typing import NDArray
from torch import Tensor

from syned.errors import EngineError, OutOfMemory
from syned.models.base import is_guided
from syned.models.editors.cache import CountedCache
from syned.run.records import EditJob, EditResult

CACHE_BYTES = 4 * 2**30
"""For images and for instructions each: 120,000 source images of 512 px in half precision."""

FLAT_LEVELS = 3
"""An image whose brightest and darkest values are no further apart holds nothing."""


class InstructPix2PixEditor:
    """Edits batches with any InstructPix2Pix checkpoint.

    Args:
        pipeline: loaded, on its device, in evaluation mode, with the scheduler to use.
        batch_size: the usual batch; what is encoded apart from the denoising is padded to it, so
            that an encoding does not depend on what else is in the batch.
    """

    def __init__(
        self, pipeline: StableDiffusionInstructPix2PixPipeline, *, batch_size: int
    ) -> None:
        self.pipeline = pipeline
        self.batch_size = batch_size
        self.images = CountedCache(CACHE_BYTES)
        self.instructions = CountedCache(CACHE_BYTES)
        self.device = str(pipeline.unet.device)
        self.dtype = str(pipeline.unet.dtype).removeprefix("torch.")
        self._no_instruction: Tensor | None = None
        self.encoded = Counter[str]()
        """How many instructions and images were encoded."""

    def expect(self, images: Counter[str], instructions: Counter[str]) -> None:
        """Tell how often each source id and each instruction will still be asked for."""
        self.images.expect(images)
        self.instructions.expect(instructions)

    @torch.inference_mode()
    def edit(self, jobs: Sequence[EditJob], *, steps: int) -> list[EditResult]:
        """Edit one batch of images of one size.

        Raises:
            OutOfMemory: the batch does not fit on the device.
            EngineError: the jobs differ in size, or are none.
        """
        _check(jobs)
        try:
            pixels, blocked = self._edit(list(jobs), steps)
        except torch.OutOfMemoryError as error:
            torch.cuda.empty_cache()
            raise OutOfMemory(f"a batch of {len(jobs)} does not fit on the device") from error
        truncated = [self.is_truncated(job.request.instruction) for job in jobs]
        return [_result(p, bool(b), t) for p, b, t in zip(pixels, blocked, truncated, strict=True)]

    def is_truncated(self, instruction: str) -> bool:
        """Whether the text encoder reads only the beginning of an instruction."""
        tokenizer = self.pipeline.tokenizer
        return len(tokenizer(instruction).input_ids) > int(tokenizer.model_max_length)

    def _edit(self, jobs: list[EditJob], steps: int) -> tuple[NDArray[np.float32], list[bool]]:
        text = self._encoded_instructions(jobs)  # (b, t, d)
        source = self._encoded_images(jobs)  # (b, c, h, w)
        latents = self._denoise(jobs, text, source, steps)
        vae = self.pipeline.vae
        images = vae.decode(latents / vae.config.scaling_factor, return_dict=False)[0]
        blocked = [False] * len(jobs)
        if self.pipeline.safety_checker is not None:
            images, blocked = self.pipeline.run_safety_checker(images, images.device, images.dtype)
        pixels = (images * 0.5 + 0.5).clamp(0, 1).permute(0, 2, 3, 1).float().cpu().numpy()
        return pixels, list(blocked)

    def _denoise(self, jobs: list[EditJob], text: Tensor, source: Tensor, steps: int) -> Tensor:
        """Noise to latents; all three guidance branches in one call of the UNet."""
        unet, scheduler = self.pipeline.unet, self.pipeline.scheduler
        guided = is_guided(jobs[0])
        if guided:
            nothing = self._encoded_nothing().expand_as(text)
            text = torch.cat([text, nothing, nothing])  # (3b, t, d)
            source = torch.cat([source, source, torch.zeros_like(source)])  # (3b, c, h, w)
        generators = [torch.Generator().manual_seed(job.request.seed) for job in jobs]
        shape = (len(jobs), *source.shape[1:])
        scheduler.set_timesteps(steps, device=source.device)
        latents: Tensor = randn_tensor(shape, generators, source.device, text.dtype)
        latents = latents * scheduler.init_noise_sigma
        text_scale = self._scales([job.request.guidance_scale for job in jobs])
        image_scale = self._scales([job.request.image_guidance_scale for job in jobs])
        extra = _step_arguments(scheduler.step, generators)
        for timestep in scheduler.timesteps:
            noisy = torch.cat([latents] * 3) if guided else latents
            noisy = torch.cat([scheduler.scale_model_input(noisy, timestep), source], dim=1)
            prediction = unet(noisy, timestep, encoder_hidden_states=text, return_dict=False)[0]
            if guided:
                with_text, with_image, without = prediction.chunk(3)
                prediction = (
                    without
                    + text_scale * (with_text - with_image)
                    + image_scale * (with_image - without)
                ).to(latents.dtype)
            latents = scheduler.step(prediction, timestep, latents, **extra, return_dict=False)[0]
        return latents

    def _scales(self, values: list[float]) -> Tensor:
        """One scale a job, shape (b, 1, 1, 1), in float32 whatever the model computes in."""
        device = self.pipeline.unet.device
        return torch.tensor(values, dtype=torch.float32, device=device)[:, None, None, None]

    def _encoded_instructions(self, jobs: list[EditJob]) -> Tensor:
        keys = [job.request.instruction for job in jobs]
        return self._through(self.instructions, "instructions", keys, keys, self._encode_text)

    def _encoded_images(self, jobs: list[EditJob]) -> Tensor:
        keys = [job.request.source_id for job in jobs]
        return self._through(
            self.images, "images", keys, [job.pixels for job in jobs], self._encode_pixels
        )

    def _through(
        self,
        cache: CountedCache,
        kind: str,
        keys: list[str],
        values: Sequence[str] | Sequence[NDArray[np.uint8]],
        encode: Callable[[list[Any]], Tensor],
    ) -> Tensor:
        """Encodings of all values, shape (b, ...); those not kept are made in one padded call."""
        by_key = dict(zip(keys, values, strict=True))
        missing = cache.missing(keys)
        fresh: dict[str, Tensor] = {}
        for first in range(0, len(missing), self.batch_size):
            some = missing[first : first + self.batch_size]
            padded = some + some[-1:] * (self.batch_size - len(some))
            made = encode([by_key[key] for key in padded])
            fresh.update({key: made[i] for i, key in enumerate(some)})
        self.encoded[kind] += len(missing)
        uses = Counter(keys)
        for key in missing:
            cache.put(key, fresh[key].clone(), uses[key])
        rows = []
        for key in keys:
            kept = cache.take(key)
            rows.append(fresh[key] if kept is None else kept)
        return torch.stack(rows)

    def _encoded_nothing(self) -> Tensor:
        """The encoded empty instruction, shape (1, t, d)."""
        if self._no_instruction is None:
            self._no_instruction = self._encode_text([""] * self.batch_size)[:1].clone()
        return self._no_instruction

    def _encode_text(self, texts: list[str]) -> Tensor:
        """Encode texts as the pipeline does, shape (texts, t, d)."""
        encoder, tokenizer = self.pipeline.text_encoder, self.pipeline.tokenizer
        tokens = tokenizer(
            texts,
            padding="max_length",
            max_length=tokenizer.model_max_length,
            truncation=True,
            return_tensors="pt",
        )
        masked = getattr(encoder.config, "use_attention_mask", False)
        mask = tokens.attention_mask.to(encoder.device) if masked else None
        encoded: Tensor = encoder(tokens.input_ids.to(encoder.device), attention_mask=mask)[0]
        return encoded.to(encoder.dtype)

    def _encode_pixels(self, images: list[NDArray[np.uint8]]) -> Tensor:
        """Encode images of one size, shape (images, c, h, w), unscaled."""
        vae = self.pipeline.vae
        pixels = torch.from_numpy(np.stack(images).astype(np.float32) / 255).permute(0, 3, 1, 2)
        posterior = vae.encode((2.0 * pixels - 1.0).to(vae.device, vae.dtype)).latent_dist
        latents: Tensor = posterior.mode()
        return latents


def _check(jobs: Sequence[EditJob]) -> None:
    sizes = {job.pixels.shape for job in jobs}
    if len(sizes) != 1:
        raise EngineError(
            f"a batch must hold images of one size, got {sorted(sizes)}; make a batch of each size"
        )
    if len({is_guided(job) for job in jobs}) != 1:
        raise EngineError(
            "a batch must hold only jobs with guidance or only jobs without it, got both; make a "
            "batch of each"
        )


def _step_arguments(
    step: Callable[..., object], generators: list[torch.Generator]
) -> dict[str, Any]:
    """What a scheduler's step takes beyond the usual: ancestral ones draw noise of their own."""
    accepted = inspect.signature(step).parameters
    extra: dict[str, Any] = {}
    if "eta" in accepted:
        extra["eta"] = 0.0
    if "generator" in accepted:
        extra["generator"] = generators
    return extra


def _result(pixels: NDArray[np.float32], blocked: bool, truncated: bool) -> EditResult:
    """Judge one edited image, values in [0, 1], shape (h, w, 3)."""
    if blocked:
        return EditResult(reason="safety_checker", truncated=truncated)
    if not np.isfinite(pixels).all():
        return EditResult(reason="not_a_number", truncated=truncated)
    levels = np.rint(pixels * 255).astype(np.uint8)
    if int(levels.max()) - int(levels.min()) <= FLAT_LEVELS:
        return EditResult(reason="flat_image", truncated=truncated)
    return EditResult(levels, truncated=truncated)
