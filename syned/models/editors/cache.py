"""A cache of encoded images and instructions that drops each of them after its last use."""

from __future__ import annotations

from collections import Counter

from torch import Tensor


class CountedCache:
    """Encoded images or instructions, each kept exactly as long as it is still needed.

    What is asked for once is never kept, so a plan of a million different images needs no memory;
    what returns is encoded once, as long as the budget lasts.

    Args:
        budget_bytes: most that is kept; beyond it, things are encoded again when they return.
    """

    def __init__(self, budget_bytes: int) -> None:
        self.budget_bytes = budget_bytes
        self.bytes = 0
        self._uses: Counter[str] = Counter()
        self._kept: dict[str, Tensor] = {}

    def expect(self, uses: Counter[str]) -> None:
        """Say how often each key will be taken from now on."""
        self._uses = Counter(uses)

    def missing(self, keys: list[str]) -> list[str]:
        """The keys that are not kept, each once, in order."""
        return [key for key in dict.fromkeys(keys) if key not in self._kept]

    def put(self, key: str, value: Tensor, uses_now: int) -> None:
        """Keep a value if it is needed after the `uses_now` uses at hand and there is room."""
        size = value.numel() * value.element_size()
        if self._uses[key] > uses_now and self.bytes + size <= self.budget_bytes:
            self._kept[key] = value
            self.bytes += size

    def take(self, key: str) -> Tensor | None:
        """The value, if it is kept; one use less remains."""
        value = self._kept.get(key)
        self._uses[key] -= 1
        if self._uses[key] <= 0:
            del self._uses[key]
            if value is not None:
                del self._kept[key]
                self.bytes -= value.numel() * value.element_size()
        return value
