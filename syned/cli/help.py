"""How help reads: commands in groups, and examples as a person types them."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from typer.core import TyperGroup


class GroupedCommands(TyperGroup):
    """Lists commands below the heading of their group, in the order in which they were added.

    Typer itself shows groups in its rich help only, which is slow to load and draws boxes into
    pipes and files.
    """

    # `Any`, since typer has these classes of click under private names.
    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write a section a group."""
        width = max(map(len, self.commands))
        groups: dict[str, list[tuple[str, str]]] = {}
        for name, command in self.commands.items():
            row = (name.ljust(width), (command.help or "").partition("\n\n")[0])
            groups.setdefault(str(getattr(command, "rich_help_panel", "")), []).append(row)
        for heading, rows in groups.items():
            with formatter.section(heading):
                formatter.write_dl(rows)


def help_of(command: Callable[..., object]) -> str:
    """The docstring of a command, its examples marked so that their lines stay as they are."""
    paragraphs = inspect.cleandoc(command.__doc__ or "").split("\n\n")
    return "\n\n".join(f"\b\n{text}" if "\n    " in text else text for text in paragraphs)
