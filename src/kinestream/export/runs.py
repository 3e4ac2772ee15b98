"""A training run as a bundle."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

import yaml

from kinestream.bundle import ROUNDED_STEP, Bundle
from kinestream.export.card import Origin
from kinestream.export.graphs import step_graph
from kinestream.export.rounded import LOSS, rounded_graph
from kinestream.export.writing import check_target, manifest_of, write_bundle
from kinestream.manifest import Rounding
from kinestream.training.building import network_arguments, network_of
from kinestream.training.checkpoints import load_latest, load_weights
from kinestream.training.config import TrainConfig
from kinestream.training.reports.rejection import read_rejection
from kinestream.training.run_folder import RunFolder, Setup

PROTOCOL = (
    "Last epoch, chosen without looking at the test recordings. F1 is segmental, pooled over all "
    "recordings (protocol ms-tcn)."
)
MADE_WITH = (
    "`kinestream train config.yaml` and `kinestream export`; `config.yaml` lies beside this card."
)


def export_run(
    run: RunFolder,
    target: Path | None = None,
    *,
    precisions: Collection[Rounding] = (),
    loss: float = LOSS,
    data: Path | None = None,
) -> Bundle:
    """Turn a run's newest checkpoint into a bundle, and prove that it streams as it trained.

    Where ``kinestream test RUN --split valid`` measured these weights, the bundle rejects frames that
    are nobody's.

    Args:
        run: A run folder.
        target: Folder to write; ``RUN/bundle`` by default. An older bundle there is replaced.
        precisions: Write the step graph in these, too, and compare each on the test recordings.
        loss: Points of F1@50 that fewer bits may cost, and percent of frames that may differ.
        data: Where the data set lies now, for ``precisions``; where the run found it unless given.

    Returns:
        The bundle, opened.

    Raises:
        CheckpointError: The run has no whole checkpoint.
        ParityError: A graph does not give the numbers of the network, or fewer bits lose more than
            they may; nothing is written.
        ConfigError: The target is a folder of something else.
    """
    config, setup = run.config(), run.setup()
    target = run.path / "bundle" if target is None else target
    check_target(target)
    network = network_of(config, setup)
    latest = load_latest(run.checkpoints)
    load_weights(network, latest.weights)
    rejection = read_rejection(run, latest.epoch)
    rules = config.events.rules(rejection.unknown if rejection else None)
    manifest = manifest_of(
        network.eval(),
        config.network.name,
        network_arguments(config, setup),
        name=config.name,
        classes=setup.classes,
        background=config.background,
        skeleton=setup.skeleton,
        channels=setup.channels,
        fps=setup.fps,
        features=setup.features,
        margin=config.decode.margin,
        events=rules.to_dict() | {"idle": config.events.idle},
        metrics=_last_metrics(run),
        card=config.card,
    )
    extra = {"config.yaml": yaml.safe_dump(_public(config), sort_keys=False).encode()}
    step = step_graph(network) if precisions else b""
    for each in precisions:
        extra[ROUNDED_STEP[each]], manifest.rounded[each] = rounded_graph(
            each, network, step, config, setup, latest.standing.ranges, data=data, loss=loss
        )
    return write_bundle(network, manifest, _origin(config, setup), target, extra)


def _origin(config: TrainConfig, setup: Setup) -> Origin:
    card = config.card
    people = ", ".join(filter(None, setup.subjects)) or "not named"
    facts = (
        ("trained on", f"{card.get('data', 'see config.yaml')}; subjects {people}"),
        ("licence of the data", card.get("data_licence", "not stated")),
        ("licence of the weights", card.get("licence", "not stated")),
    )
    return Origin(facts, PROTOCOL, MADE_WITH)


def _last_metrics(run: RunFolder) -> dict[str, Any]:
    rows = run.metrics()
    return rows[-1] if rows else {}


def _public(config: TrainConfig) -> dict[str, Any]:
    """The configuration without the path of the machine it ran on."""
    values = config.model_dump(mode="json")
    values["data"]["path"] = Path(config.data.path).name
    return values
