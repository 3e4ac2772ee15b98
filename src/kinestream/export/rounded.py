"""The step graph of a run in fewer bits, judged on its test recordings beside the one in float32."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from pathlib import Path

from kinestream.errors import ParityError
from kinestream.export.comparing import Worth, compare
from kinestream.export.quantise import quantised_step_graph
from kinestream.export.sixteen import sixteen_bit_graph
from kinestream.manifest import RoundedEntry, Rounding
from kinestream.metrics import Report
from kinestream.models import Network
from kinestream.models.quantising.grid import products
from kinestream.training.building import pipeline_of
from kinestream.training.config import TrainConfig
from kinestream.training.data import TrialMaker
from kinestream.training.pieces import Trial
from kinestream.training.reports.held_out import check_fits, open_held_out, with_classes
from kinestream.training.rounding import Ranges, lay_grids, ranges_of, shown
from kinestream.training.run_folder import Setup

LOSS = 1.0
"""Points of F1@50 that fewer bits may cost, and percent of frames that may be answered differently."""

SPLIT = "test"

REMEDIES: dict[Rounding, str] = {
    "int8": "Train with training.quantise",
    "fp16": "Take bf16",
    "bf16": "Take fp16",
}


def rounded_graph(
    precision: Rounding,
    network: Network,
    step: bytes,
    config: TrainConfig,
    setup: Setup,
    ranges: Ranges,
    *,
    data: Path | None = None,
    loss: float = LOSS,
) -> tuple[bytes, RoundedEntry]:
    """Round a run's network, and stream its test recordings in both precisions.

    Args:
        precision: ``int8`` is rounded on training recordings; of ``fp16`` and ``bf16`` only
            weights are.
        network: In evaluation mode; it is left as it is.
        step: Its step graph in float32.
        config: Of the run.
        setup: Of the run.
        ranges: That it was trained with; empty where it was not rounded in training.
        data: Where the data set lies now; where the run found it unless given.
        loss: Points of F1@50 that may be lost, and percent of frames that may differ.

    Returns:
        The graph and what it is worth.

    Raises:
        ParityError: It loses more than it may.
        ConfigError: The network has no product that is worth so few bits.
        MissingFileError: The data set is not there.
        DataError: It is not the run's, or has no test recordings.
    """
    if precision == "int8":
        if set(ranges) != {name for name, _ in products(network)}:
            ranges = ranges_of(network, shown(*_recordings(network, config, setup, "train", data)))
        rounded = copy.deepcopy(network)
        lay_grids(rounded, ranges)
        graph = quantised_step_graph(rounded)
    else:
        graph = sixteen_bit_graph(step, precision)
    count, make = _recordings(network, config, setup, SPLIT, data)
    worth = compare(
        network,
        (step, graph),
        [make(number) for number in range(count)],
        background=[setup.classes.index(name) for name in config.background],
        margin=config.decode.margin,
    )
    check_worth(worth, precision, loss)
    return graph, entry_of(worth, precision)


def check_worth(worth: Worth, precision: Rounding, loss: float) -> None:
    """Refuse a graph that loses too much.

    Raises:
        ParityError: Says how much it loses.
    """
    if worth.loss <= loss and worth.agreement >= 100 - loss:
        return
    raise ParityError(
        f"in {precision} {worth.loss:.2f} points of F1@50 are lost and {worth.agreement:.2f} % of "
        f"frames are answered as in float32, but at most {loss:g} points may be lost and "
        f"{100 - loss:g} % must agree: nothing was written. {REMEDIES[precision]}, or accept more "
        f"with --loss."
    )


def entry_of(worth: Worth, precision: Rounding) -> RoundedEntry:
    """A comparison as the manifest records it."""
    before, after = worth.reports

    def both(of: Callable[[Report], float]) -> dict[str, float | None]:
        values = {"float32": of(before), precision: of(after)}
        return {name: value if math.isfinite(value) else None for name, value in values.items()}

    return RoundedEntry(
        split=SPLIT,
        recordings=before.trials,
        frames=worth.frames,
        argmax_agreement=worth.agreement,
        figures={
            "frame_accuracy": both(lambda report: report.frame_accuracy),
            "f1@50": both(lambda report: report.f1[50]),
        },
        latency_ratio=worth.latency_ratio,
    )


def _recordings(
    network: Network, config: TrainConfig, setup: Setup, split: str, data: Path | None
) -> tuple[int, Callable[[int], Trial]]:
    """How many recordings a split has, and what makes the one of a number ready."""
    dataset = open_held_out(config.data, split, path=data).recordings
    check_fits(dataset, setup)
    maker = TrialMaker(pipeline_of(setup), network.people, config.clips)

    def make(number: int) -> Trial:
        return maker(with_classes(dataset[number], setup.classes))

    return len(dataset), make
