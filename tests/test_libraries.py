from __future__ import annotations

import pytest

from syned.errors import EngineError
from syned.libraries import need_libraries


def test_all_missing_libraries_are_named_at_once_with_what_brings_them() -> None:
    need_libraries(["json"], what="`syned x`", extra="models")
    with pytest.raises(EngineError) as caught:
        need_libraries(["no_such_a", "json", "no_such_b"], what="`syned x`", extra="models,idc")
    assert str(caught.value) == (
        "`syned x` needs no_such_a and no_such_b, which are not installed: "
        'pip install "syned[models,idc]"'
    )


def test_a_single_one_is_named_in_the_singular() -> None:
    with pytest.raises(EngineError, match="needs no_such_a, which is not installed"):
        need_libraries(["no_such_a"], what="`syned x`", extra="models")
