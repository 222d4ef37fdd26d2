from __future__ import annotations

from dataclasses import replace

import pytest

from syned.models.base import is_guided
from tests.conftest import make_job


@pytest.mark.parametrize(
    ("guidance_scale", "image_guidance_scale", "guided"),
    [(7.5, 1.5, True), (1.0, 1.5, False), (1.01, 1.0, True), (7.5, 0.99, False)],
)
def test_guidance_needs_the_text_above_one_and_the_image_at_one(
    guidance_scale: float, image_guidance_scale: float, guided: bool
) -> None:
    """The rule of diffusers' pipeline, do_classifier_free_guidance."""
    job = make_job(0)
    request = replace(
        job.request, guidance_scale=guidance_scale, image_guidance_scale=image_guidance_scale
    )
    assert is_guided(replace(job, request=request)) == guided
