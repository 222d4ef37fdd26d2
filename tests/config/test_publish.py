from __future__ import annotations

from pathlib import Path

import pytest

from syned.config import load_config
from syned.errors import ConfigError


def test_fractions_are_whole_together(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("publish: {fractions: {train: 0.8, validation: 0.1, test: 0.1}}")
    assert load_config(path).publish.fractions.train == 0.8

    with pytest.raises(ConfigError, match=r"publish\.fractions is 0\.7 \+ 0\.1 \+ 0\.1 = 0\.9"):
        load_config(path, ["publish.fractions.train=0.7"])


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("publish.image_format=tiff", r"publish\.image_format is 'tiff'; one of 'png', 'webp'"),
        ("publish.quality=0", r"publish\.quality is 0; at least 1 is needed"),
        ("publish.format=emu", r"publish\.format is 'emu'; one of 'syned' or 'instructpix2pix'"),
        ("publish.push_to_hub=edits", r"publish\.push_to_hub is 'edits'; a dataset on the hub is"),
        ("publish.push_to_hub=../me/x", r"a dataset on the hub is called OWNER/NAME"),
        ("publish.unfilterd=true", r"did you mean publish\.unfiltered"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, override: str, message: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("")

    with pytest.raises(ConfigError, match=message):
        load_config(path, [override])
