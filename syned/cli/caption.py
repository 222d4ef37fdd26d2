"""`syned caption`: what changed between two pictures."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from syned.errors import DataError, EngineError

if TYPE_CHECKING:
    from PIL import Image


def caption(
    before: Annotated[Path, typer.Argument(help="The picture before the change.")],
    after: Annotated[Path, typer.Argument(help="The picture after it.")],
    adapter: Annotated[
        Path, typer.Option(help="Folder of a trained captioner, as train-eval writes it.")
    ],
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:N or mps.")] = "auto",
) -> None:
    """Say what changed between two pictures."""
    pictures = (_picture(before), _picture(after))
    missing = [name for name in ("torch", "transformers", "peft") if not find_spec(name)]
    if missing:
        raise EngineError(
            f'`syned caption` needs {" and ".join(missing)}: pip install "syned[models]"'
        )
    from syned.captioning.models.load import load_captioner

    print(load_captioner(adapter, device=device).caption([pictures])[0])


def _picture(path: Path) -> Image.Image:
    """A picture as a person sees it, RGB.

    Raises:
        DataError: there is none, or it is damaged.
    """
    from syned.sources.images import BadImage, read_image

    try:
        return read_image(path.read_bytes())
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}; give two pictures") from error
    except BadImage as error:
        raise DataError(f"{path} is no picture that can be used ({error}); give another") from error
