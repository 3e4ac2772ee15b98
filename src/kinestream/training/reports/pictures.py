"""The pictures of a report; they need the extra ``plot``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kinestream.errors import ConfigError
from kinestream.training.reports.epochs import curve_rows
from kinestream.training.reports.figures import Figures

NAMES = ("confusion.png", "masks.png", "curves.png", "lookahead.png")
SHOWN = 4
"""Recordings that are drawn when none is chosen."""


def draw_pictures(
    figures: Figures, against: Sequence[Figures], trials: Sequence[int], split: str, folder: Path
) -> list[Path]:
    """Draw ``confusion``, ``masks``, ``curves`` and ``lookahead``, as far as there is something to.

    Args:
        figures: Of the run.
        against: Of other runs, on the same recordings.
        trials: Numbers of the recordings whose segments are drawn.
        split: Named in the titles.
        folder: Where the pictures go.

    Raises:
        MissingExtraError: matplotlib is not installed.
        DataError: There is more to draw than a picture holds.
    """
    from kinestream.viz import plot_confusion, plot_curves
    from kinestream.viz.confusion import MAX_DRAWN
    from kinestream.viz.curves_lookahead import plot_lookahead
    from kinestream.viz.masks import plot_masks

    for name in NAMES:  # an earlier test may have drawn what this one does not
        (folder / name).unlink(missing_ok=True)
    tested = figures.tested
    classes, written = tested.setup.classes, []
    title = f"{tested.name}, {split}"
    if len(classes) <= MAX_DRAWN:
        path = folder / "confusion.png"
        written.append(plot_confusion(figures.confusion, classes, path, title))
    if not figures.of_recordings and trials:
        masks = [_mask(figures, against, number) for number in trials]
        path = folder / "masks.png"
        background = tested.background
        written.append(plot_masks(masks, classes, path, background=background, title=title))
    if rows := curve_rows(tested.run):
        written.append(plot_curves(rows, folder / "curves.png", tested.name))
    points = [
        (each.tested.delay_frames / each.tested.setup.fps, _f1(each))
        for each in (figures, *against)
        if not each.of_recordings
    ]
    if len({wait for wait, _ in points}) > 1:
        written.append(plot_lookahead(points, folder / "lookahead.png", f"{split}: F1"))
    return written


def checked_trials(numbers: Sequence[int] | None, count: int) -> list[int]:
    """The recordings whose segments are drawn: the first four unless chosen.

    Raises:
        ConfigError: There is no recording of that number.

    >>> checked_trials(None, 9)
    [0, 1, 2, 3]
    """
    if numbers is None:
        return list(range(min(SHOWN, count)))
    if outside := [number for number in numbers if not 0 <= number < count]:
        raise ConfigError(
            f"there is no recording {outside[0]}: the split has {count}, counted from 0 as in "
            f"per_trial.csv."
        )
    return list(dict.fromkeys(numbers))


def _f1(figures: Figures) -> dict[str, float]:
    return {f"F1@{overlap}": value for overlap, value in figures.pooled.f1.items()}


def _mask(figures: Figures, against: Sequence[Figures], number: int) -> Any:
    from kinestream.viz.masks import Mask

    answer = figures.tested.answers[number]
    rows = {"truth": answer.truth}
    for each in (figures, *against):
        name = each.tested.name
        while name in rows:  # runs of one name in different folders
            name += "'"
        rows[name] = each.tested.answers[number].labels
    return Mask(f"{number}  {answer.name}", rows, figures.tested.setup.fps)
