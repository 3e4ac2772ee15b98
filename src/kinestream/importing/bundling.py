"""From a checkpoint of another project to a bundle that streams.

Legend: C channels, V joints, K classes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from kinestream.bundle import Bundle
from kinestream.clips import IMU, XYZ
from kinestream.errors import ConfigError, DataError, SkeletonError
from kinestream.export.card import Origin
from kinestream.export.writing import check_target, manifest_of, write_bundle
from kinestream.features import Pipeline
from kinestream.files import file_sha256
from kinestream.importing import convert
from kinestream.importing.checkpoints import read_state
from kinestream.importing.imported import Imported
from kinestream.importing.msgcn import with_positions_first
from kinestream.skeletons import Skeleton

Specs = Sequence[str | dict[str, Any]]

ORIGINS = {
    "costgcn": "CoST-GCN (Hedegaard et al., 2022), LukasHedegaard/continual-skeletons",
    "ctrgcn": "CTR-GCN (Chen et al., ICCV 2021), Uason-Chen/CTR-GCN",
    "msgcn": "MS-GCN (Filtjens et al., 2022), BenjaminFiltjens/MS-GCN",
    "mstcn": "MS-TCN (Abu Farha and Gall, CVPR 2019), yabufarha/ms-tcn",
    "pyskl": "PYSKL (Duan et al., ACM MM 2022), kennymckormick/pyskl",
    "stgcn": "ST-GCN (Yan et al., AAAI 2018), yysijie/st-gcn",
}
"""What a card says of each source: the paper and the repository."""

MS_GCN_FEATURES: Specs = ("displacement", {"name": "centre", "joint": 0})
"""Positions relative to joint 0, then displacements: MS-GCN's features in our order."""

LICENCE = (
    "not known here: that of the project and of the data that it was trained on, which are yours to "
    "know before you use the weights or pass them on"
)


@dataclass(frozen=True)
class Wishes:
    """How an imported network is to be run.

    Attributes:
        name: Of the bundle; ``None`` makes one of the folder's name.
        fps: Frames per second that it was trained at.
        lookahead: Frames that a label may wait, or ``centred`` for as many as it was trained with.
        window: Frames that means over time take; ``None`` for the source's default.
        refresh: Frames between two of them; ``None`` for the source's default.
        features: What is made of raw joints, in the order that the network takes them; ``None``
            finds it out.
    """

    name: str | None = None
    fps: float = 30.0
    lookahead: int | Literal["centred"] = "centred"
    window: int | None = None
    refresh: int | None = None
    features: Specs | None = None


def import_bundle(
    source: str,
    path: Path,
    skeleton: Skeleton,
    classes: Sequence[str],
    target: Path,
    wishes: Wishes | None = None,
) -> tuple[Bundle, list[str]]:
    """Read a checkpoint of another project, and write the network that it holds as a bundle.

    Args:
        source: One of ``kinestream.importing.SOURCES``.
        path: The checkpoint.
        skeleton: That it was trained on.
        classes: Names of its K outputs, in their order.
        target: Folder to write. An older bundle there is replaced.
        wishes: How it is to be run.

    Returns:
        The bundle, opened, and what is to be known of it, a sentence each.

    Raises:
        MissingFileError: There is no such file.
        CheckpointError: It cannot be read, or its weights are not of that project.
        SkeletonError: They are for another number of joints.
        DataError: They are for another number of classes.
        ConfigError: An option does not go with them.
        ParityError: A graph does not give the numbers of the network; nothing is written.
    """
    wishes = wishes or Wishes()
    check_target(target)
    imported = convert(source, read_state(path), **_options(source, skeleton, wishes))
    _check_fits(imported, skeleton, classes)
    imported, pipeline, told = _with_features(source, imported, skeleton, wishes.features)
    arguments = {**imported.arguments, "lookahead": wishes.lookahead}
    network = imported.network(lookahead=wishes.lookahead)
    notes = [*told, *imported.notes, *_note_on_delay(imported, network.delay)]
    checksum = file_sha256(path)
    manifest = manifest_of(
        network,
        imported.name,
        arguments,
        name=_name(target, source) if wishes.name is None else wishes.name,
        classes=list(classes),
        skeleton=pipeline.skeleton.to_dict(),
        channels=list(pipeline.raw_channels),
        fps=wishes.fps,
        features=pipeline.to_list(),
        card={
            "title": f"{imported.name}, imported",
            "description": f"Weights of {ORIGINS[source]}, made into a network that streams.",
            "source": ORIGINS[source],
            "source_sha256": checksum,
            "licence": LICENCE,
        },
    )
    return write_bundle(network, manifest, _origin(source, checksum, notes), target), notes


def _options(source: str, skeleton: Skeleton, wishes: Wishes) -> dict[str, Any]:
    wished = {"window": wishes.window, "refresh": wishes.refresh}
    averaging = {key: value for key, value in wished.items() if value is not None}
    if averaging and source in ("msgcn", "mstcn"):
        raise ConfigError(
            f"{source} networks take no means over time: leave {' and '.join(averaging)} out."
        )
    options: dict[str, Any] = {"averaging": averaging} if averaging else {}
    return {**options, "joints": skeleton.num_joints} if source == "mstcn" else options


def _check_fits(imported: Imported, skeleton: Skeleton, classes: Sequence[str]) -> None:
    joints = imported.partition.shape[-1]
    if joints != skeleton.num_joints:
        raise SkeletonError(
            f"the weights are for {joints} joints, skeleton {skeleton.name!r} has "
            f"{skeleton.num_joints}: name the skeleton that they were trained on."
        )
    if imported.num_classes != len(classes):
        raise DataError(
            f"the weights tell {imported.num_classes} classes apart, {len(classes)} are named: give "
            f"a name for each, in the order of the outputs."
        )


def _with_features(
    source: str, imported: Imported, skeleton: Skeleton, wished: Specs | None
) -> tuple[Imported, Pipeline, list[str]]:
    """The network, the way from raw joints to what it takes, and what is to be said of that."""
    pipeline = _pipeline(imported.in_channels, skeleton, wished or ())
    if pipeline is None and source == "msgcn" and wished is None:
        pipeline = _pipeline(imported.in_channels, skeleton, MS_GCN_FEATURES)
        if pipeline is not None:
            return with_positions_first(imported), pipeline, _notes_on_ms_gcn(pipeline)
    if pipeline is None:
        made = "without features" if not wished else "with the features given"
        raise ConfigError(
            f"the weights take {imported.in_channels} channels, which skeleton {skeleton.name!r} "
            f"({skeleton.units}) does not make {made}: name the features they were trained with."
        )
    names = ", ".join(str(step["name"]) for step in pipeline.to_list()) or "none"
    before = "Whatever else the original did to its recordings is yours to do before."
    return imported, pipeline, [f"Features: {names}. {before}"]


def _pipeline(in_channels: int, skeleton: Skeleton, specs: Specs) -> Pipeline | None:
    """The pipeline of these features, from whichever raw channels give as many as are taken."""
    for channels in _raw_channels(skeleton):
        pipeline = Pipeline(skeleton, channels, specs)
        if len(pipeline.channels) == in_channels:
            return pipeline
    return None


def _raw_channels(skeleton: Skeleton) -> tuple[tuple[str, ...], ...]:
    if skeleton.units == "imu":
        return IMU, IMU[:3]
    if skeleton.units == "px":
        return XYZ[:2], (*XYZ[:2], "score")
    return XYZ, XYZ[:2]


def _notes_on_ms_gcn(pipeline: Pipeline) -> list[str]:
    names = ", ".join(step.name for step in pipeline.steps)
    return [
        f"Features: {names}, as MS-GCN's: positions relative to joint 0, which is "
        f"{pipeline.skeleton.joints[0]}, and displacements.",
        "The original's displacement looks a frame ahead (next minus current), ours a frame back "
        "(current minus previous), so the network reads of each motion one frame later.",
    ]


def _note_on_delay(imported: Imported, delay: int) -> list[str]:
    trained = imported.network().delay
    if delay == trained:
        return []
    return [
        f"Labels wait {delay} frames instead of the {trained} that the weights were trained with, so "
        f"they are not the original's."
    ]


def _origin(source: str, checksum: str, notes: Sequence[str]) -> Origin:
    facts = (
        ("weights from", ORIGINS[source]),
        ("SHA-256 of their file", f"`{checksum}`"),
        ("licence of the weights", LICENCE),
    )
    measured = "The original's figures hold for its own recordings and preparation only."
    return Origin(facts, measured, f"`kinestream import {source} FILE`", notes)


def _name(target: Path, source: str) -> str:
    """A bundle's name made of its folder's."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", target.absolute().name)[:64].lstrip("._-")
    return name or source
