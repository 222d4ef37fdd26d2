from __future__ import annotations

from typing import Any

import pytest

from syned.config import GenerateConfig
from syned.errors import ConfigError
from syned.settings import validate


def mistakes(**values: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        validate(GenerateConfig, values, "here")
    return str(caught.value)


@pytest.mark.parametrize(
    ("given", "scale"),
    [(1, 1.0), ("1e1", 10.0), ([0, 0], (0.0, 0.0)), ((1.5, 2), (1.5, 2.0))],
)
def test_a_scale_is_a_number_or_a_range_also_as_yaml_reads_it(given: Any, scale: Any) -> None:
    options = validate(GenerateConfig, {"guidance_scale": given}, "here")
    assert options.guidance_scale == scale
    assert isinstance(options.guidance_scale, type(scale))


@pytest.mark.parametrize("given", [-1, "x", True, [1], [1, 2, 3], float("nan"), float("inf"), None])
def test_what_is_no_scale_is_refused(given: Any) -> None:
    assert "a number >= 0 or a range [low, high] is expected" in mistakes(guidance_scale=given)


def test_a_range_goes_from_low_to_high() -> None:
    assert "a range goes from low to high" in mistakes(image_guidance_scale=[2, 1])


@pytest.mark.parametrize(
    ("setting", "value", "sentence"),
    [
        ("n", True, "n is True; a whole number is expected"),
        ("n", 0, "n is 0; at least 1 is needed"),
        ("steps", -1, "steps is -1; at least 1 is needed"),
        ("batch_size", 0, "batch_size is 0; at least 1 is needed"),
        ("shard_rows", 0, "shard_rows is 0; at least 1 is needed"),
        ("seed", 1.5, "seed is 1.5; a whole number is expected"),
        ("editor", "", "editor is ''; some text is expected"),
        ("scheduler", "", "scheduler is ''; some text is expected"),
        ("dtype", "half", "dtype is 'half'; one of 'auto', 'float32', 'bfloat16' or 'float16'"),
        ("retry_failed", "maybe", "retry_failed is 'maybe'; true or false is expected"),
    ],
)
def test_a_value_outside_its_range_is_refused(setting: str, value: object, sentence: str) -> None:
    assert sentence in mistakes(**{setting: value})


def test_a_device_that_is_none_is_refused() -> None:
    assert "one of auto, cpu, cuda" in mistakes(device="gpu")
