"""The curves of a run as a picture, where matplotlib is installed."""

from __future__ import annotations

import logging

from kinestream.errors import MissingExtraError
from kinestream.training.reports.epochs import curve_rows
from kinestream.training.run_folder import RunFolder

log = logging.getLogger(__name__)


def draw_curves(run: RunFolder) -> None:
    """Write ``curves.png`` from ``metrics.jsonl``; without matplotlib a warning is logged."""
    from kinestream.viz import plot_curves

    try:
        if rows := curve_rows(run):
            plot_curves(rows, run.path / "curves.png")
    except MissingExtraError as error:
        log.warning("curves.png was left out: %s", error)
