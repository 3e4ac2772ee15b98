"""What a run may start from: the weights of another run or of a bundle, and what they mean there."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save
from torch import Tensor, nn

from kinestream.bundle import MANIFEST, WEIGHTS, shipped_bundles
from kinestream.bundle import load as load_bundle
from kinestream.errors import BundleError, CheckpointError, ConfigError, MissingFileError
from kinestream.features import Pipeline
from kinestream.files import sha256, write_atomically
from kinestream.skeletons import Skeleton
from kinestream.training.disk import writing
from kinestream.training.reports.weights import LAST, load_chosen
from kinestream.training.run_folder import RunFolder, Setup
from kinestream.training.transfer import Transfer, take_over

RECORD = "transfer.json"


@dataclass(frozen=True)
class Source:
    """Weights, and what they mean where they come from.

    Attributes:
        name: Of the folder, without the folders above it.
        chosen: ``last`` or ``best_valid`` of a run, ``bundle``.
        weights: A state dict.
        classes: In the order of the network's outputs.
        skeleton: What its V axis means.
        channels: What its C axis means, after the features.
    """

    name: str
    chosen: str
    weights: dict[str, Tensor]
    classes: tuple[str, ...]
    skeleton: Skeleton
    channels: tuple[str, ...]


def load_source(path: Path, weights: str = LAST) -> Source:
    """Read what a run shall start from; averaged weights where there are any.

    Args:
        path: Folder of a run or of a bundle, or the name of a bundle that comes with Kinestream.
        weights: ``last`` or ``best_valid``, of a run.

    Raises:
        MissingFileError: There is no such run or bundle.
        CheckpointError: The run has no whole checkpoint, or a weight is not finite.
        BundleError: The bundle is damaged.
        ConfigError: The weights cannot be chosen so.
    """
    is_bundle = (path / MANIFEST).is_file() or (
        not path.exists() and str(path) in shipped_bundles()
    )
    if not is_bundle and not path.is_dir():
        raise MissingFileError(
            f"there is no run or bundle {path} to start from; give the folder that 'kinestream "
            f"train' or 'kinestream export' wrote."
        )
    source = _of_bundle(path, weights) if is_bundle else _of_run(RunFolder(path), weights)
    for key, value in source.weights.items():
        if not bool(torch.isfinite(value).all()):
            raise CheckpointError(f"{path}: {key} is not finite; start from another run.")
    return source


def start_from(
    source: Source, network: nn.Module, setup: Setup, build: Callable[[Setup], nn.Module]
) -> Transfer:
    """Put into a new network what fits of a source.

    Args:
        source: Of :func:`load_source`.
        network: Its layers that fit are overwritten.
        setup: What the network's training data said.
        build: Makes the network of a setup; it is called for networks that take no memory.

    Raises:
        ConfigError: No layer fits.
    """
    return take_over(network, source.weights, strange_to(source, setup, build))


def strange_to(source: Source, setup: Setup, build: Callable[[Setup], nn.Module]) -> dict[str, str]:
    """Tensors that mean something else in a source, each with the reason.

    Twenty joints of one camera are not those of another, nor eleven classes those of another set,
    though the shapes agree. What depends on a meaning shows where one more joint, class or channel
    gives a tensor another shape.

    Args:
        source: Of :func:`load_source`.
        setup: What the training data said.
        build: Makes the network of a setup.
    """
    plain = setup.model_copy(update={"features": [], "channels": list(_channels(setup))})
    shapes = _shapes(build, plain)
    return {
        key: reason
        for reason, larger in _with_one_more(source, plain)
        for key, shape in _shapes(build, larger).items()
        if shape != shapes.get(key)
    }


def write_record(run: RunFolder, source: Source, transfer: Transfer) -> Path:
    """Write ``transfer.json``: what a run started from, and what became of every layer.

    The checksum is that of the weights as a safetensors file: that of the ``weights.safetensors`` of
    a bundle, and of a bundle that were made of the run.

    Raises:
        CheckpointError: The place cannot be written.
    """
    record = {
        "source": source.name,
        "weights": source.chosen,
        "sha256": sha256(save(source.weights)),
        "taken_numbers": transfer.taken_numbers,
        "numbers": transfer.numbers,
        "taken": transfer.names("taken"),
        "left": [
            {"layer": layer.name, "why": layer.reason, "here": layer.ours, "there": layer.theirs}
            for layer in transfer.layers
            if layer.fate == "left"
        ],
        "new": transfer.names("new"),
        "unused": transfer.names("unused"),
    }
    path = run.path / RECORD
    with writing(path):
        return write_atomically(path, (json.dumps(record, indent=1) + "\n").encode())


def _of_run(run: RunFolder, weights: str) -> Source:
    setup, checkpoint = run.setup(), load_chosen(run, weights)
    name = run.path.resolve().name
    return Source(
        name, weights, checkpoint.weights, tuple(setup.classes), setup.graph(), _channels(setup)
    )


def _of_bundle(path: Path, weights: str) -> Source:
    if weights != LAST:
        raise ConfigError(
            f"{path} is a bundle, which has one set of weights: leave out {weights!r}."
        )
    bundle = load_bundle(path)
    try:
        tensors = load_tensors((bundle.path / WEIGHTS).read_bytes())
    except (SafetensorError, OSError, ValueError, KeyError) as error:
        raise BundleError(f"{bundle.path / WEIGHTS} cannot be read: {error}.") from None
    name = bundle.path.resolve().name
    return Source(
        name, "bundle", tensors, bundle.classes, bundle.skeleton, bundle.pipeline.channels
    )


def _channels(setup: Setup) -> tuple[str, ...]:
    return Pipeline(setup.graph(), tuple(setup.channels), setup.features).channels


def _with_one_more(source: Source, setup: Setup) -> Iterator[tuple[str, Setup]]:
    """For each meaning that differs, why, and the setup with one more of it."""
    graph, more = setup.graph(), "one more"
    if source.channels != tuple(setup.channels):
        channels = [*setup.channels, more]
        yield "other channels there", setup.model_copy(update={"channels": channels})
    if source.skeleton.joints != graph.joints:
        joints = (*graph.joints, more)
        bones = (*graph.bones, (graph.num_joints, graph.centre))
        larger = Skeleton(graph.name, joints, bones, graph.centre, graph.pairs, graph.units)
        yield "other joints there", setup.model_copy(update={"skeleton": larger.to_dict()})
    if source.classes != tuple(setup.classes):
        yield (
            "other classes there",
            setup.model_copy(update={"classes": [*setup.classes, more]}),
        )


def _shapes(build: Callable[[Setup], nn.Module], setup: Setup) -> dict[str, torch.Size]:
    with torch.device("meta"):
        network = build(setup)
    return {key: value.shape for key, value in network.state_dict().items()}
