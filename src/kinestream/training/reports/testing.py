"""Test a run: answers, figures, files."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from kinestream.errors import ConfigError, DataError, MissingExtraError
from kinestream.training.reports.answers import RunAnswers, answer_split
from kinestream.training.reports.figures import Figures
from kinestream.training.reports.fusion import fused
from kinestream.training.reports.held_out import HeldOut, open_held_out
from kinestream.training.reports.pictures import checked_trials, draw_pictures
from kinestream.training.reports.rejection import (
    Rejection,
    measure_rejection,
    read_rejection,
    write_rejection,
)
from kinestream.training.reports.report import make_report, write_report
from kinestream.training.reports.tables import write_tables
from kinestream.training.reports.weights import LAST
from kinestream.training.run_folder import RunFolder

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Tested:
    """What a test found and wrote.

    Attributes:
        figures: Of the run.
        against: Of the other runs, on the same recordings.
        held_out: The recordings.
        folder: Where the report lies.
        written: The files in it.
        rejection: The score below which frames are nobody's, where it was measured and kept.
    """

    figures: Figures
    against: list[Figures]
    held_out: HeldOut
    folder: Path
    written: list[Path]
    rejection: Rejection | None = None


def measure_run(
    run: RunFolder,
    split: str = "test",
    *,
    data: str | Path | None = None,
    protocol: str | None = None,
    out: Path | None = None,
    trials: Sequence[int] | None = None,
    against: Sequence[RunFolder] = (),
    fuse: Sequence[RunFolder] = (),
    shares: Sequence[float] = (),
    weights: str = LAST,
) -> Tested:
    """Test a run on the recordings of a split and write the report.

    Nothing is written before all figures are there. Without matplotlib the pictures are left out,
    and a warning is logged. On the run's own validation split the last weights are also measured for
    :class:`Rejection`, which later tests and the bundle use, unless they have learned from it.

    Args:
        run: A run folder.
        split: ``test``, ``valid`` (the run's validation subjects), ``train`` or another split.
        data: Another place of the data set, or another data set.
        protocol: How a store is divided.
        out: Folder of the report; ``RUN/test/SPLIT`` by default.
        trials: Numbers of the recordings whose segments are drawn; the first four by default.
        against: Other runs, tested on the same recordings.
        fuse: Runs whose answers are averaged with the run's.
        shares: What the run and each of those count; all alike unless given.
        weights: ``last`` or ``best_valid``, of every run.

    Raises:
        MissingFileError: There is no such run, data set or split.
        CheckpointError: A run has no whole checkpoint.
        ConfigError: A choice that cannot be made.
        DataError: The recordings do not fit a run, or none of their frames is labelled.
        SkeletonError: Their joints do not fit.
    """
    if Path(split).name != split:
        raise ConfigError(f"a split is a name such as test, got {split!r}.")
    held_out = open_held_out(run.config().data, split, path=data, protocol=protocol)
    chosen = checked_trials(trials, len(held_out.recordings))
    answers = _answers(run, held_out, weights)
    if fuse:
        parts = [answer_split(one, held_out, weights) for one in fuse]
        answers = fused([answers, *parts], shares)
    elif shares:
        raise ConfigError("shares are for fused runs: name them with --fuse.")
    figures = Figures(answers)
    rejection = None
    if split == "valid" and weights == LAST and not (data or protocol or fuse):
        rejection = _rejection(figures)
    if rejection:
        figures = Figures(replace(answers, unknown=rejection.unknown))
    others = [Figures(_answers(one, held_out, weights)) for one in against]
    for other in others:
        _check_comparable(figures, other)
    report = make_report(figures, held_out, others)
    kind = ("-fused" if fuse else "") + ("" if weights == LAST else f"-{weights}")
    folder = run.path / "test" / f"{split}{kind}" if out is None else out
    if folder.exists() and not folder.is_dir():
        raise DataError(f"{folder} is a file: name a folder for the report.")
    written = [write_report(report, folder / "report.json"), *write_tables(figures, folder)]
    try:
        written += draw_pictures(figures, others, chosen, split, folder)
    except MissingExtraError as error:
        log.warning("the pictures were left out: %s", error)
    if rejection:
        write_rejection(run, rejection)
    return Tested(figures, others, held_out, folder, written, rejection)


def _answers(run: RunFolder, held_out: HeldOut, weights: str) -> RunAnswers:
    answers = answer_split(run, held_out, weights)
    known = read_rejection(run, answers.epoch) if weights == LAST else None
    return replace(answers, unknown=known.unknown) if known else answers


def _rejection(figures: Figures) -> Rejection | None:
    """What the validation recordings say, where they are no training recordings."""
    tested = figures.tested
    if figures.of_recordings or tested.config.data.train_on_valid:
        return None
    keep = tested.config.events.keep
    return measure_rejection(tested.answers, tested.idle, keep, tested.epoch)


def _check_comparable(figures: Figures, other: Figures) -> None:
    if other.tested.setup.classes != figures.tested.setup.classes:
        raise ConfigError(
            f"{other.tested.name} knows other classes than {figures.tested.name}, or in another "
            f"order: only runs of the same classes can be compared."
        )
    if other.of_recordings != figures.of_recordings:
        raise ConfigError(
            f"of {other.tested.name} and {figures.tested.name} one labels whole recordings, the "
            f"other frames: they have no figures in common."
        )
