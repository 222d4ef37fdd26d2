from __future__ import annotations

import pytest

from syned.config.devices import checked_device


@pytest.mark.parametrize("name", ["auto", "cpu", "mps", "cuda", "cuda:0", "cuda:12"])
def test_a_device_has_the_name_that_torch_gives_it(name: str) -> None:
    assert checked_device(name) == name


@pytest.mark.parametrize("name", ["", "gpu", "cuda:", "cuda:x", "cpu:0", "CUDA", "cuda:0 "])
def test_another_name_is_refused_with_those_that_there_are(name: str) -> None:
    with pytest.raises(ValueError, match=r"one of auto, cpu, cuda, cuda:N, mps is expected"):
        checked_device(name)
