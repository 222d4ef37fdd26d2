"""`syned caption`: what changed between two pictures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from syned.errors import DataError
from syned.libraries import TO_CAPTION, need_libraries

if TYPE_CHECKING:
    from PIL import Image


def caption(
    before: Annotated[
        Path, typer.Argument(metavar="BEFORE", help="Image file: the picture before the change.")
    ],
    after: Annotated[
        Path, typer.Argument(metavar="AFTER", help="Image file: the picture after the change.")
    ],
    adapter: Annotated[
        Path,
        typer.Option(
            metavar="FOLDER",
            help="Folder of a trained captioning model, as `syned train-eval` writes it into "
            "a run's folder: train_eval/CAPTIONER/ARM/seed-N/weights.",
        ),
    ],
    device: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="Where the model computes: auto, cpu, cuda, cuda:N or mps; auto takes a GPU if "
            "there is one.",
        ),
    ] = "auto",
) -> None:
    """Say in words what changed between two pictures.

    Reads two image files and a captioning model that `syned train-eval` has trained, and prints
    one line.

    Examples:
        syned caption before.png after.png --adapter weights
    """
    pictures = (_picture(before), _picture(after))
    need_libraries(TO_CAPTION, what="`syned caption`", extra="models")
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
        raise DataError(f"{path} cannot be read: {error.strerror}; name two image files") from error
    except BadImage as error:
        raise DataError(
            f"{path} is no picture that Syned can read ({error}); name an image file, such as a PNG"
        ) from error
