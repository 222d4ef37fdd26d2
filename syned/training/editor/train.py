"""Train an InstructPix2Pix: from one, from a Stable Diffusion, or from random weights.

Everything random in step s follows from (seed, s, part, process), so a killed training that goes
on from its last checkpoint takes the steps it would have taken. That holds only while the loop, its
checkpoint and its random numbers agree, which is why they are in one file.

Run: syned train-editor configs/train_shapes_editor.yaml
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from accelerate.utils import set_seed
from diffusers import DDPMScheduler, StableDiffusionInstructPix2PixPipeline
from diffusers.training_utils import EMAModel
from torch import Tensor, nn

from syned.config.training import EditorTraining
from syned.run.atomic import open_atomically
from syned.run.records import SourceRecord
from syned.training.editor.denoiser import (
    change_weights,
    denoising_loss,
    drop_conditioning,
    relative_weights,
)
from syned.training.editor.start import load_start, predict_from_copy
from syned.training.editor.triples import Triples, encode_triples
from syned.training.editor.validation import draw_validation
from syned.training.work_folder import warmup_cosine, work_folder
from syned.units import duration, rate

Say = Callable[[str], None]
Records = Callable[[str], Iterator[SourceRecord]]


def train_editor(settings: EditorTraining, records: Records, *, say: Say) -> Path:
    """Train as the settings say and return the folder of the finished pipeline.

    Args:
        settings: where to start, on what, for how long.
        records: the source's records of a split: "train", or the validation split.
        say: told in plain words what happens.

    Raises:
        ConfigError: there is nothing to start from, or it does not fit.
        DataError: no record has both images and an instruction.
        RunError: the training folder belongs to other settings.
    """
    set_seed(settings.seed)
    trainer = _Trainer(settings, load_start(settings, records), records, say)
    trainer.resume()
    while trainer.steps_done < settings.steps:
        trainer.step()
        if _due(trainer.steps_done, settings.checkpoint_every, settings.steps):
            trainer.save_checkpoint()
        if settings.validation_triples and _due(
            trainer.steps_done, settings.validate_every, settings.steps
        ):
            trainer.validate()
    trainer.save_pipeline()
    return Path(settings.output)


def _due(step: int, every: int, last: int) -> bool:
    return step % every == 0 or step == last


class _Trainee(nn.Module):
    """The UNet and the text encoder as one module, so that one wrapper serves both."""

    def __init__(self, pipeline: StableDiffusionInstructPix2PixPipeline) -> None:
        super().__init__()
        self.unet = pipeline.unet
        self.text_encoder = pipeline.text_encoder

    def forward(
        self, tokens: Tensor, source_latents: Tensor, draw: Tensor, dropout: float, **batch: Any
    ) -> Tensor:
        """The loss of a batch; `tokens`, shape (b + 1, t), ends with the empty instruction."""
        encoded = self.text_encoder(tokens)[0]  # (b + 1, t, d)
        text, source = drop_conditioning(encoded[:-1], encoded[-1:], source_latents, dropout, draw)
        return denoising_loss(self.unet, text=text, source_latents=source, **batch)


class _Trainer:
    """All that changes from step to step, and its checkpoint."""

    def __init__(
        self,
        settings: EditorTraining,
        pipeline: StableDiffusionInstructPix2PixPipeline,
        records: Records,
        say: Say,
    ) -> None:
        self.settings, self.pipeline, self.records = settings, pipeline, records
        self.accelerator = Accelerator(
            mixed_precision=settings.mixed_precision,
            gradient_accumulation_steps=settings.gradient_accumulation,
        )
        if settings.start_as_copy:
            predict_from_copy(pipeline)
        self.say = say if self.accelerator.is_main_process else _silence
        self.work = work_folder(settings, free=_FREE)
        pipeline.vae.requires_grad_(False).to(self.accelerator.device)
        with self.accelerator.main_process_first():  # the others find what it has kept
            self.triples = self._read_triples()
        _choose_parameters(settings, pipeline)
        trainee = _Trainee(pipeline)
        self.parameters = [p for p in trainee.parameters() if p.requires_grad]
        optimizer = torch.optim.AdamW(
            self.parameters,
            settings.learning_rate,
            betas=(0.9, 0.99),
            weight_decay=settings.weight_decay,
            fused=True,
        )
        self.rate = torch.optim.lr_scheduler.LambdaLR(optimizer, _schedule(settings))
        self.trainee, self.optimizer = self.accelerator.prepare(trainee, optimizer)
        self.scheduler = DDPMScheduler.from_config(pipeline.scheduler.config)
        self.tokens = _tokens(pipeline, [*self.triples.instructions, ""])
        self.average = _moving_average(settings, self.parameters, self.accelerator.device)
        self.steps_done = 0
        self.losses: list[float] = []
        self.started = time.monotonic()
        self.accelerator.register_for_checkpointing(self, self.rate)
        if self.average is not None:
            self.accelerator.register_for_checkpointing(self.average)
        self.trainee.train()

    def state_dict(self) -> dict[str, float]:
        return {"steps_done": self.steps_done, "seconds": time.monotonic() - self.started}

    def load_state_dict(self, state: dict[str, float]) -> None:
        self.steps_done = int(state["steps_done"])
        self.started = time.monotonic() - state["seconds"]

    def step(self) -> None:
        """One optimiser step over `gradient_accumulation` batches."""
        losses = []
        for part in range(self.settings.gradient_accumulation):
            with self.accelerator.accumulate(self.trainee):
                loss = self.trainee(**self._batch(part))
                self.accelerator.backward(loss)
                if self.accelerator.sync_gradients:
                    self.accelerator.clip_grad_norm_(self.parameters, self.settings.max_grad_norm)
                self.optimizer.step()
                self.optimizer.zero_grad()
            losses.append(loss.item())
        self.rate.step()
        if self.average is not None:
            self.average.step(self.parameters)
        self.steps_done += 1
        self.losses.append(sum(losses) / len(losses))
        if _due(self.steps_done, self.settings.report_every, self.settings.steps):
            self._report()

    def _batch(self, part: int) -> dict[str, Any]:
        """The batch of this step: which triples, which noise, what is hidden."""
        settings, triples = self.settings, self.triples
        key = f"{settings.seed}/{self.steps_done}/{part}/{self.accelerator.process_index}"
        seed = int.from_bytes(hashlib.sha256(key.encode()).digest()[:7], "big")
        random = torch.Generator().manual_seed(seed)
        rows = torch.randint(len(triples), (settings.batch_size,), generator=random)
        source, edited = triples.source_latents[rows].float(), triples.edited_latents[rows].float()
        scale = self.pipeline.vae.config.scaling_factor
        last = self.scheduler.config.num_train_timesteps
        batch = {
            **_loss_weights(settings, source * scale, edited),
            "tokens": torch.cat([self.tokens[rows], self.tokens[-1:]]),
            "source_latents": source,
            "edited_latents": edited,
            "noise": torch.randn(edited.shape, generator=random),
            "timesteps": _timesteps(last, len(rows), settings.timestep_power, random),
            "draw": torch.rand(len(rows), generator=random),
        }
        on_device = {name: value.to(self.accelerator.device) for name, value in batch.items()}
        return {
            **on_device,
            "scheduler": self.scheduler,
            "dropout": settings.conditioning_dropout,
        }

    def _report(self) -> None:
        recent, self.losses = self.losses, []
        seconds = time.monotonic() - self.started
        entry = {
            "step": self.steps_done,
            "loss": round(sum(recent) / len(recent), 5),
            "learning_rate": round(float(self.rate.get_last_lr()[0]), 8),
            "seconds": round(seconds, 1),
        }
        if self.accelerator.is_main_process:
            with (self.work / "log.jsonl").open("a") as log:
                log.write(json.dumps(entry) + "\n")
            left = seconds / self.steps_done * (self.settings.steps - self.steps_done)
            self.say(
                f"step {self.steps_done} of {self.settings.steps}, loss {entry['loss']:.4f}, "
                f"{rate(self.steps_done / seconds)} steps a second, {duration(left)} left"
            )

    def _read_triples(self) -> Triples:
        """The latents of the training triples, read once and kept for the next start."""
        settings, kept = self.settings, self.work / "triples.pt"
        if kept.exists():
            return Triples(**torch.load(kept))
        self.say(
            f"encoding up to {settings.triples} triples of source image, instruction, edited image"
        )
        triples = encode_triples(
            self.records("train"),
            self.pipeline.vae,
            count=settings.triples,
            size_px=settings.image_size_px,
            batch_size=16,
            report=lambda done: self.say(f"{done} triples encoded") if done % 2000 == 0 else None,
        )
        with open_atomically(kept) as file:
            torch.save({n: getattr(triples, n) for n in Triples.__slots__}, file)
        return triples

    def resume(self) -> None:
        """Go on from the checkpoint, if there is one."""
        for name in ("checkpoint", "checkpoint.old"):
            if (self.work / name / "complete").exists():
                self.accelerator.load_state(str(self.work / name))
                self.say(f"going on from step {self.steps_done}")
                return

    def save_checkpoint(self) -> None:
        """Replace the checkpoint; at every moment one complete checkpoint lies on disk."""
        new, current, old = (self.work / f"checkpoint{s}" for s in (".new", "", ".old"))
        if self.accelerator.is_main_process:
            _remove(new)
        self.accelerator.wait_for_everyone()
        self.accelerator.save_state(str(new))
        self.accelerator.wait_for_everyone()
        if self.accelerator.is_main_process:
            (new / "complete").touch()
            _remove(old)
            if current.exists():
                current.rename(old)
            new.rename(current)
            _remove(old)
        self.accelerator.wait_for_everyone()

    def validate(self) -> None:
        """Draw the validation edits with the averaged weights."""
        if not self.accelerator.is_main_process:
            return
        with self._averaged():
            score = draw_validation(
                self.pipeline,
                self.records(self.settings.validation_split),
                self.settings,
                self.work / f"validation-{self.steps_done:06}.png",
            )
        with (self.work / "log.jsonl").open("a") as log:
            log.write(json.dumps({"step": self.steps_done, **score}) + "\n")
        self.say(
            f"validation at step {self.steps_done}: {score['right_fraction']:.1%} of the edits are "
            f"right; their mean error is {score['edited_error']:.4f}, that of the unedited source "
            f"images {score['source_error']:.4f}"
        )

    def save_pipeline(self) -> None:
        """Write the finished editor, with averaged weights and LoRA merged in."""
        if not self.accelerator.is_main_process:
            return
        with self._averaged():
            if self.settings.lora is not None:
                self.pipeline.unet.fuse_lora()
                self.pipeline.unet.unload_lora()
            dtype = getattr(torch, self.settings.save_dtype)
            self.pipeline.to(device="cpu", dtype=dtype).save_pretrained(self.settings.output)
            forget_paths(Path(self.settings.output))
        self.say(f"the editor is in {self.settings.output}")

    @contextmanager
    def _averaged(self) -> Iterator[None]:
        """The averaged weights in place of the current ones, in evaluation mode."""
        self.trainee.eval()
        if self.average is not None:
            self.average.store(self.parameters)
            self.average.copy_to(self.parameters)
        try:
            yield
        finally:
            if self.average is not None:
                self.average.restore(self.parameters)
            self.trainee.train()


def forget_paths(folder: Path) -> None:
    """Take out of a saved pipeline's configs where its parts were loaded from on this machine."""
    for path in folder.rglob("*.json"):
        config = json.loads(path.read_text(encoding="utf-8"))
        if config.pop("_name_or_path", None) is not None:
            path.write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


def _silence(text: str) -> None:
    """What all processes but the first say."""


def _choose_parameters(
    settings: EditorTraining, pipeline: StableDiffusionInstructPix2PixPipeline
) -> None:
    """Say which weights are trained: the UNet or LoRA on it, and the text encoder if asked."""
    pipeline.text_encoder.requires_grad_(settings.train_text_encoder)
    if settings.lora is not None:
        from peft import LoraConfig

        pipeline.unet.requires_grad_(False)
        pipeline.unet.add_adapter(
            LoraConfig(
                r=settings.lora.rank,
                lora_alpha=settings.lora.alpha,
                init_lora_weights="gaussian",
                target_modules=["to_q", "to_k", "to_v", "to_out.0"],
            )
        )
        pipeline.unet.conv_in.requires_grad_(True)
    if settings.gradient_checkpointing:
        pipeline.unet.enable_gradient_checkpointing()


def _schedule(settings: EditorTraining) -> Callable[[int], float]:
    if settings.schedule == "cosine":
        return lambda step: warmup_cosine(step, settings.warmup_steps, settings.steps)
    return lambda step: min(1.0, (step + 1) / max(1, settings.warmup_steps))


def _moving_average(
    settings: EditorTraining, parameters: list[nn.Parameter], device: torch.device
) -> EMAModel | None:
    if settings.ema_decay is None:
        return None
    average = EMAModel(parameters, decay=settings.ema_decay, use_ema_warmup=True, power=0.75)
    average.to(device)
    return average


def _loss_weights(settings: EditorTraining, source: Tensor, edited: Tensor) -> dict[str, Tensor]:
    """What every latent's squared and absolute error count, both (b, 1, h, w)."""
    squared = absolute = change_weights(source, edited, settings.change_weight)
    if settings.relative_loss:
        squared = squared * relative_weights(source, edited)
        absolute = absolute * relative_weights(source, edited, power=1)
    return {"weights": squared, "absolute_weights": settings.absolute_loss * absolute}


def _timesteps(last: int, count: int, power: float, random: torch.Generator) -> Tensor:
    """Timesteps in [0, last), shape (count,); the higher the power, the noisier."""
    draw = torch.rand(count, generator=random)
    return (last * (1 - draw**power)).long().clamp(0, last - 1)


def _tokens(pipeline: StableDiffusionInstructPix2PixPipeline, texts: list[str]) -> Tensor:
    """Token ids as the pipeline makes them, shape (texts, tokens)."""
    tokens: Tensor = pipeline.tokenizer(
        texts,
        padding="max_length",
        max_length=pipeline.tokenizer.model_max_length,
        truncation=True,
        return_tensors="pt",
    ).input_ids
    return tokens


_FREE = {
    "steps", "report_every", "checkpoint_every", "validate_every", "validation_triples",
    "validation_split", "validation_steps", "validation_guidance_scale",
    "validation_image_guidance_scale", "gradient_checkpointing", "save_dtype",
}  # fmt: skip
"""Settings that a training may change when it goes on."""


def _remove(folder: Path) -> None:
    if folder.exists():
        import shutil

        shutil.rmtree(folder)
