"""A run from Python: take its stages one by one, and look at what it holds."""

from __future__ import annotations

import io
import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from syned import pipeline
from syned.api.edit import Edit
from syned.api.edits import Edits, edit_by_id, edits_of
from syned.config import RunConfig
from syned.errors import ConfigError
from syned.generate.shards import GenerateSummary
from syned.libraries import TO_TRAIN_EVAL, need_libraries
from syned.paraphrase.shards import ParaphraseSummary
from syned.progress import Progress, RowsDone, Shown, show_progress
from syned.publish.dataset import Published
from syned.run import status
from syned.run.directory import Run as Directory
from syned.run.stored_settings import ONCE, stored_settings
from syned.settings import with_overrides


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run holds."""

    edits: status.RunSummary
    """How many edits are planned, done and failed, and where they come from."""
    captions: status.CaptionSummary | None
    """How many texts have paraphrases; None before the first were made."""
    selection: status.SelectionSummary | None
    """How many edits the filter kept, in all and by task; None before it ran."""


class Run:
    """A run: one dataset in the making, and the folder that holds all of it.

    Get one from `start_run` or `open_run`. Its stages are methods: first `generate`, `filter` and
    `publish`, in this order; `paraphrase` at any time before `filter`; `train_eval` at the end.
    Each of them goes on where an earlier call ended, and never repeats finished work.

    Every stage takes these arguments:

        overrides: settings to change, as in "generate.n=64"; docs/settings.md lists all of them.
            The run keeps them for later calls, but for those that are asked for once, such as
            "publish.unfiltered=true".
        progress: True shows on stderr how far the stage is, False shows nothing. An object with
            the methods of `syned.progress.Progress` hears it instead.

    And every stage raises:

        ConfigError: a setting is wrong; all mistakes are listed.
        DataError: the source, or a set of pairs, cannot be read.
        EngineError: a model or a library is missing, or cannot go on.
        RunError: the run is in use or damaged, or was made with other settings.
        KeyboardInterrupt: Ctrl-C was pressed. `generate`, `paraphrase` and `filter` end after the
            batch in hand, and at once if it is pressed twice; the others end at once. What is
            finished is kept, and the next call goes on.
    """

    def __init__(self, directory: Directory, config: RunConfig | None = None) -> None:
        self._directory = directory
        self._given = config
        """What `start_run` was given; None for a run that goes by its own settings."""

    def __repr__(self) -> str:
        return f"Run({str(self.path)!r})"

    @property
    def name(self) -> str:
        """The name of the run, which is that of its folder."""
        return self._directory.name

    @property
    def path(self) -> Path:
        """The folder of the run."""
        return self._directory.path

    @property
    def config(self) -> RunConfig:
        """The settings that the next stage works with.

        Raises:
            RunError: the run cannot be read.
        """
        return self._settings(())

    def summary(self) -> Summary:
        """Count what the run holds by now; it may be in use.

        Raises:
            RunError: there is nothing yet, or it is damaged.
        """
        return Summary(
            status.summary(self._directory),
            status.caption_summary(self._directory),
            status.selection_summary(self._directory),
        )

    def edits(self, *, kept: bool | None = None, task: str | None = None) -> Edits:
        """The edits that are made by now, in the order of the run; failed ones are among them.

        It counts and chooses edits at once, and reads them when they are asked for. So the length
        costs little, and no more than one shard of texts and a few images are in memory.

        Args:
            kept: True for the edits that the filter kept, False for those that it dropped; None
                for all, whether or not they were filtered.
            task: only edits of this task, as in "color"; None for all.

        Raises:
            RunError: the run is damaged; or `kept` is given, but nobody has filtered.
        """
        return edits_of(self._directory, kept=kept, task=task)

    def edit(self, edit_id: str) -> Edit:
        """The edit with this id.

        Raises:
            RunError: the run has made no such edit, or is damaged.
        """
        return edit_by_id(self._directory, edit_id)

    def generate(self, *overrides: str, progress: bool | Progress = True) -> GenerateSummary:
        """Plan and make edits, until the run has `generate.n`.

        Args:
            overrides: settings to change, as in "generate.n=64"; see `Run`.
            progress: whether to show how far it is; see `Run`, which also says what is raised.

        Returns:
            What this call did: `done`, `failed`, `seconds` and more.
        """
        config = self._settings(overrides)
        self._plan(config, progress)
        with _listener("edits", progress) as listener:
            made = pipeline.generate(config, self._directory, listener)
        self._keep(overrides)
        if made.shards_left:
            raise KeyboardInterrupt(f"stopped; finished edits are kept in {self.path}")
        return made

    def paraphrase(self, *overrides: str, progress: bool | Progress = True) -> ParaphraseSummary:
        """Have a language model reword instructions and captions, each different text once.

        It needs the plan and no edits; where nothing is planned yet, it plans first.

        Args:
            overrides: settings to change, as in "generate.n=64"; see `Run`.
            progress: whether to show how far it is; see `Run`, which also says what is raised.

        Returns:
            What this call did: `texts`, `made`, `requests` and more.
        """
        config = self._settings(overrides)
        if not self._directory.requests.recorded():
            self._plan(config, progress)
        with _listener("requests", progress) as listener:
            made = pipeline.paraphrase(config, self._directory, listener, say=listener.say)
        self._keep(overrides)
        if made.stopped:
            raise KeyboardInterrupt(f"stopped; what was answered is kept in {self.path}")
        return made

    def filter(self, *overrides: str, progress: bool | Progress = True) -> status.SelectionSummary:
        """Measure edits that are not measured yet, and decide anew which of all edits are kept.

        Args:
            overrides: settings to change, as in "generate.n=64"; see `Run`.
            progress: whether to show how far it is; see `Run`, which also says what is raised.

        Returns:
            How many edits are kept, and how many dropped for which reason: `whole` in all, `tasks`
            by task.
        """
        config = self._settings(overrides)
        with _listener("pictures", progress) as listener:
            made = pipeline.filter_edits(config, self._directory, listener, say=listener.say)
        self._keep(overrides)
        selection = status.selection_summary(self._directory)
        if made.selection is None or selection is None:
            raise KeyboardInterrupt(f"stopped; finished scores are kept in {self.path}")
        return selection

    def publish(
        self, *overrides: str, folder: str | Path | None = None, progress: bool | Progress = True
    ) -> Published:
        """Write the kept edits as a dataset that `datasets.load_dataset` reads.

        With "publish.push_to_hub=OWNER/NAME" this call uploads it as well.

        Args:
            overrides: settings to change, as in "generate.n=64"; see `Run`.
            progress: whether to show how far it is; see `Run`, which also says what is raised.
            folder: where the dataset will be; None for `dataset` in the run's folder.

        Returns:
            Where the dataset is, and the size of each split: `path`, `splits` and more.
        """
        config = self._settings(overrides)
        out = None if folder is None else Path(folder).expanduser()
        with _listener("pairs", progress) as listener:
            made = pipeline.publish(config, self._directory, listener, folder=out)
            if config.publish.push_to_hub:
                listener.say(f"uploaded to {pipeline.push_to_hub(config, made)}")
        if out is None:  # what is published elsewhere does not become the run's way
            self._keep(overrides)
        return made

    def train_eval(
        self,
        *overrides: str,
        arms: Collection[str] | None = None,
        seeds: Collection[int] | None = None,
        progress: bool | Progress = True,
    ) -> dict[str, Any]:
        """Train captioners with and without the dataset, and score them on real pairs.

        Args:
            overrides: settings to change, as in "generate.n=64"; see `Run`.
            progress: whether to show how far it is; see `Run`, which also says what is raised.
            arms: which arms of the config to train now; None for all.
            seeds: with which seeds of the config to train now; None for all.

        Returns:
            What `train_eval/gains.json` in the run's folder holds.
        """
        need_libraries(TO_TRAIN_EVAL, what="train_eval", extra="models,idc")
        config = self._settings(overrides)
        with _listener("trainings", progress) as listener:
            gains = pipeline.train_eval(config, self._directory, listener, arms=arms, seeds=seeds)
        self._keep(overrides)
        return gains

    def _plan(self, config: RunConfig, progress: bool | Progress) -> None:
        with _listener("plan", progress) as listener:
            pipeline.make_plan(config, self._directory, _planned(listener))

    def _settings(self, overrides: Collection[str]) -> RunConfig:
        """The settings of a stage: those that were given or else the run's own, changed."""
        if self._given is None:
            config = stored_settings(self._directory, list(overrides))
        else:
            config = with_overrides(self._given, list(overrides), self.name)
        if config.name != self.name:
            raise ConfigError(
                f"name is {config.name!r}, but this run is called {self.name!r} and keeps its "
                "name; give another name to syned.start_run"
            )
        return config

    def _keep(self, overrides: Collection[str]) -> None:
        """Use what a stage was told for later calls too, as run.yaml does for `open_run`."""
        if self._given is not None:
            lasting = [each for each in overrides if each.partition("=")[0].strip() not in ONCE]
            self._given = with_overrides(self._given, lasting, self.name)


@contextmanager
def _listener(what: str, progress: bool | Progress) -> Iterator[Progress]:
    """What hears of a stage: a person at stderr, nobody, or an object of the caller's."""
    if not isinstance(progress, bool):
        yield progress
        return
    with show_progress(what, sys.stderr if progress else io.StringIO()) as shown:
        yield shown


def _planned(listener: Progress) -> RowsDone:
    """What hears of a plan; an object of the caller's does not, since it counts edits."""
    return listener.planned if isinstance(listener, Shown) else lambda done, total: None
