"""Which versions a run notes."""

from __future__ import annotations

import platform

import numpy as np
import pyarrow as pa
import pytest
import yaml

from syned import __version__
from syned.run.versions import library_versions


def test_the_versions_are_those_of_what_is_running() -> None:
    versions = library_versions()
    assert versions["syned"] == __version__
    assert versions["python"] == platform.python_version()
    assert (versions["numpy"], versions["pyarrow"]) == (np.__version__, pa.__version__)


def test_a_library_that_is_not_there_is_said_to_be_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("syned.run.versions._LIBRARIES", ("numpy", "no-such-library"))
    versions = library_versions()
    assert versions["no-such-library"] == "not installed"
    assert versions["numpy"] == np.__version__


def test_run_yaml_gives_the_versions_back_as_they_were() -> None:
    versions = library_versions()
    assert yaml.safe_load(yaml.safe_dump(versions)) == versions
