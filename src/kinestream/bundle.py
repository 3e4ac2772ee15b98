"""A bundle: a folder with all that is needed to recognise, and nothing that is executed.

    bundle.json           labels, skeleton, rate, features, memory, metrics, checksums (the manifest)
    step.onnx             one frame of N people, with memory as inputs and outputs
    step.int8.onnx        the same with products in eight bits, where it was asked for; and with weights
                          in sixteen, step.fp16.onnx and step.bf16.onnx
    clip.onnx             whole clips of any length
    weights.safetensors   the network's weights
    README.md             the model card

Legend: N clips, C channels, T frames, V joints, K classes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from importlib import resources
from os import PathLike
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import ValidationError

from kinestream.config import explain
from kinestream.errors import BundleError, ConfigError, MissingFileError, SkeletonError
from kinestream.features import Pipeline
from kinestream.files import sha256
from kinestream.manifest import Manifest
from kinestream.skeletons import Skeleton
from kinestream.streaming import (
    RUNNERS,
    Engine,
    Recogniser,
    Stream,
    fill_scene,
    make_runner,
    open_session,
    push_many,
)
from kinestream.streaming.arguments import check_kind
from kinestream.streaming.events import EventRules, Events
from kinestream.streaming.frames import numbers
from kinestream.streaming.kept import read
from kinestream.streaming.live import Live, LivePeople, LiveSettings
from kinestream.streaming.snapshot import restore
from kinestream.streaming.stream import check_owner
from kinestream.timeline import FrameLabel

MANIFEST = "bundle.json"
STEP = "step.onnx"
ROUNDED_STEP: Mapping[str, str] = {
    "int8": "step.int8.onnx",
    "fp16": "step.fp16.onnx",
    "bf16": "step.bf16.onnx",
}
CLIP = "clip.onnx"
WEIGHTS = "weights.safetensors"
CARD = "README.md"

ENGINE = "onnxruntime"
PRECISION = "float32"
"""What bundles are opened with by default."""

MAX_MANIFEST_BYTES = 1 << 20
MAX_FILE_BYTES = 2 << 30
# How a tensor kept outside its graph names its file: such a graph could read any file of the host.
# Protobuf lets both numbers before the word be written longer than they need to be.
_OUTSIDE_TENSOR = re.compile(rb"(\x0a|\x8a\x80*\x00)(\x08|\x88\x80*\x00)location")


class Bundle:
    """A bundle opened for use; its graphs are loaded when they are first needed.

    Args:
        path: The folder.
        manifest: Its validated ``bundle.json``.
        engine: What steps streams: ``onnxruntime``, ``openvino`` or ``numpy``.
        precision: Of the products in a step: ``float32`` or, where the bundle has it, ``int8``,
            ``fp16`` or ``bf16``.
    """

    def __init__(
        self,
        path: Path,
        manifest: Manifest,
        engine: str = ENGINE,
        precision: str = PRECISION,
    ) -> None:
        self.path = path
        self.manifest = manifest
        self.engine = engine
        self.precision = precision
        self._step = ROUNDED_STEP.get(precision, STEP)

    @property
    def name(self) -> str:
        """The bundle's name."""
        return self.manifest.name

    @property
    def classes(self) -> tuple[str, ...]:
        """Class names in the order of the scores."""
        return tuple(self.manifest.classes)

    @property
    def background(self) -> tuple[int, ...]:
        """Classes that are not segments of their own."""
        return tuple(self.classes.index(name) for name in self.manifest.background)

    @cached_property
    def skeleton(self) -> Skeleton:
        """The skeleton that the bundle takes."""
        return self.manifest.graph()

    @property
    def channels(self) -> tuple[str, ...]:
        """What the C axis of raw joints means."""
        return tuple(self.manifest.channels)

    @property
    def fps(self) -> float:
        """Frames per second that the network works at."""
        return self.manifest.fps

    @property
    def delay_frames(self) -> int:
        """Frames between a frame's arrival and its label."""
        return self.manifest.delay_frames

    @property
    def people(self) -> int:
        """People that are labelled together; 1 labels each alone."""
        return self.manifest.people

    def stream(self, fps: float | None = None, person: int = 0) -> Stream:
        """Start a stream: the state of one person.

        Args:
            fps: Rate at which frames will be pushed; the bundle's own by default.
            person: Number that the labels carry.
        """
        return Stream(self._recogniser, fps, person)

    def events(self, person: int = 0, rules: EventRules | None = None) -> Events:
        """Start to tell when a person's actions start and end: see ``docs/events.md``.

        Args:
            person: Number that the events carry.
            rules: When an action has started or ended; those of the bundle by default.
        """
        entry = self.manifest.events
        return Events(
            entry.rules() if rules is None else rules,
            self.classes,
            {*self.background, *map(self.classes.index, entry.idle)},
            person=person,
            delay_s=self.delay_frames / self.fps,
        )

    def restore(self, data: bytes | bytearray | memoryview) -> Stream:
        """Go on with a stream from its snapshot, bit for bit as if it had never stopped.

        Args:
            data: Of :meth:`Stream.snapshot <kinestream.streaming.Stream.snapshot>`, of this bundle.

        Raises:
            DataError: It is no snapshot, a damaged one, or one of another bundle or precision.
        """
        kept = read(data, self._recogniser)
        stream = Stream(self._recogniser, kept.rest.fps, kept.rest.person)
        restore(stream, kept)
        return stream

    def live(
        self,
        fps: float | None = None,
        person: int = 0,
        settings: LiveSettings | None = None,
    ) -> Live:
        """Start a live stream of one person, which takes frames as they come: see ``docs/live.md``.

        Args:
            fps: Rate at which frames will come; the bundle's own by default.
            person: Number that the labels carry.
            settings: Thresholds.
        """
        return Live(self._recogniser, fps, person, settings)

    def live_people(
        self,
        fps: float | None = None,
        max_persons: int = 16,
        settings: LiveSettings | None = None,
    ) -> LivePeople:
        """Start a live stream of several people whom a tracker numbers.

        Args:
            fps: Rate at which frames will come; the bundle's own by default.
            max_persons: Most people who are followed.
            settings: Thresholds.
        """
        return LivePeople(self._recogniser, fps, max_persons, settings)

    def push_many(
        self,
        streams: Sequence[Stream],
        frames: Sequence[ArrayLike],
        times_s: Sequence[float | None] | None = None,
    ) -> list[FrameLabel]:
        """Push one frame (C, V) to each of several streams of this bundle, in one call of the graph.

        See :func:`kinestream.streaming.push_many`.
        """
        if streams:
            check_owner(streams, self._recogniser)
        return push_many(streams, frames, times_s)

    def logits(self, data: NDArray[np.float32]) -> NDArray[np.float32]:
        """Label a whole recording at once with the clip graph.

        Args:
            data: (C, T, V, M) raw joints at the bundle's rate.

        Returns:
            (M, K, T) logits, equal to those of a stream; (1, K, T) of a bundle that labels scenes.

        Raises:
            SkeletonError: The shape is not the bundle's.
            DataError: A value is no number, infinite, or NaN though the features take no missing
                joints, or there are more people than in a scene.
            BundleError: The clip graph does not take such features.
        """
        people, pipeline = self.people, self.pipeline
        data = self._recording(data)
        scene = fill_scene(data, people, pipeline.absent) if people > 1 else data
        features = pipeline.clip(scene)
        if people > 1:
            clips = np.ascontiguousarray(features[None])  # (1, C', T, V, M)
        else:
            clips = np.ascontiguousarray(features.transpose(3, 0, 1, 2))  # (M, C', T, V)
        try:
            (logits,) = self._clip_session.run(["logits"], {"clip": clips})
        except Exception as error:  # onnxruntime's own exceptions share no public base
            raise BundleError(f"the clip graph cannot be run: {str(error)[:160]!r}") from None
        frames = np.repeat(np.asarray(logits, np.float32), self.manifest.stride, axis=2)
        return frames[:, :, : data.shape[1]]

    def _recording(self, data: ArrayLike) -> NDArray[np.float32]:
        recording = numbers(data, "a recording")
        expected = len(self.channels), self.skeleton.num_joints
        if recording.ndim != 4 or recording.shape[::2] != expected or not recording.size:
            raise SkeletonError(
                f"a recording must be (C, T, V, M) with {expected[0]} channels "
                f"({', '.join(self.channels)}), frames, the {expected[1]} joints of skeleton "
                f"{self.skeleton.name!r} and people, got {recording.shape}."
            )
        return recording

    @cached_property
    def pipeline(self) -> Pipeline:
        """Features, as in training."""
        return Pipeline(self.skeleton, self.channels, self.manifest.features)

    @cached_property
    def _recogniser(self) -> Recogniser:
        manifest = self.manifest
        scene = (self.people,) if self.people > 1 else ()
        engine = Engine(
            make_runner(self.engine, self._read(self._step)),
            manifest.memories(),
            (len(self.pipeline.channels), self.pipeline.num_joints, *scene),
            len(self.classes),
            delay=manifest.delay_frames,
            stride=manifest.stride,
        )
        return Recogniser(
            engine,
            self.pipeline,
            self.classes,
            self.fps,
            self.delay_frames,
            manifest.margin,
            manifest.people,
            manifest.files[self._step].sha256,
            self.precision,
        )

    @cached_property
    def _clip_session(self):  # type: ignore[no-untyped-def]
        return open_session(self._read(CLIP))

    def _read(self, name: str) -> bytes:
        data = _read_checked(self.path, name, self.manifest)
        if _OUTSIDE_TENSOR.search(data):
            raise BundleError(
                f"{self.path / name} keeps tensors in other files; a bundle's graphs must be whole."
            )
        return data

    def __repr__(self) -> str:
        chosen = f", {self.precision}" * (self.precision != PRECISION)
        chosen += f", {self.engine}" * (self.engine != ENGINE)
        return (
            f"Bundle({self.name!r}, {len(self.classes)} classes, skeleton {self.skeleton.name!r}, "
            f"{self.fps:g} fps, delay {self.delay_frames} frames{chosen})"
        )


def load(path: str | Path, *, engine: str = ENGINE, precision: str = PRECISION) -> Bundle:
    """Open a bundle: a folder, or the name of one that comes with Kinestream.

    The manifest is validated and the size and checksum of every file are compared before anything
    is loaded.

    Args:
        path: The folder or the name.
        engine: What steps streams: ``onnxruntime``; ``openvino`` where it is installed; ``numpy``, slow
            and independent of both.
        precision: Of the products in a step: ``float32``; where the bundle was exported with it,
            ``int8``, quicker, or ``fp16`` or ``bf16``, half the file. Whole
            recordings (:meth:`Bundle.logits`) are always in float32.

    Raises:
        ConfigError: There is no such engine or precision, the bundle does not have it, or an
            argument is of another kind.
        MissingFileError: There is neither a folder nor a shipped bundle of that name.
        BundleError: It is not a bundle, or it is damaged.

    >>> load("utkinect").classes[1]
    'walk'
    """
    check_kind(path, str | PathLike, "a bundle must be named by its folder or its name")
    check_kind(engine, str, "engine must be a name")
    check_kind(precision, str, "precision must be a name")
    folder = Path(path)
    if not (folder / MANIFEST).is_file() and str(path) in shipped_bundles():
        folder = _shipped() / str(path)
    if not folder.exists():
        raise MissingFileError(
            f"there is no bundle {path}; give the folder that 'kinestream export' wrote, or one of "
            f"{', '.join(shipped_bundles()) or '(none shipped)'}."
        )
    if not folder.is_dir():
        raise BundleError(
            f"{path} is a file, a bundle is a folder with {MANIFEST}; 'kinestream export RUN' "
            f"writes one."
        )
    if engine not in RUNNERS:
        raise ConfigError(f"there is no engine {engine!r}; take one of {', '.join(RUNNERS)}.")
    manifest = _read_manifest(folder)
    _check_precision(folder, manifest, precision)
    for name in manifest.files:
        _read_checked(folder, name, manifest)
    return Bundle(folder, manifest, engine, precision)


def _check_precision(folder: Path, manifest: Manifest, precision: str) -> None:
    if precision == PRECISION:
        return
    if precision not in ROUNDED_STEP:
        known = ", ".join([PRECISION, *ROUNDED_STEP])
        raise ConfigError(f"there is no precision {precision!r}; take one of {known}.")
    if ROUNDED_STEP[precision] not in manifest.files:
        raise ConfigError(
            f"the bundle {folder} has no {precision} graph: 'kinestream export RUN --{precision}' "
            f"writes one."
        )


def shipped_bundles() -> list[str]:
    """Names of the bundles that come with Kinestream."""
    folder = _shipped()
    return sorted(p.parent.name for p in folder.glob(f"*/{MANIFEST}")) if folder.is_dir() else []


def _shipped() -> Path:
    return Path(str(resources.files("kinestream"))) / "bundles"


def _read_manifest(folder: Path) -> Manifest:
    path = folder / MANIFEST
    if not path.is_file():
        inside = folder / "bundle"
        hint = f"; {inside} is one" if (inside / MANIFEST).is_file() else ""
        raise BundleError(f"{folder} is not a bundle: it has no {MANIFEST}{hint}.")
    if path.stat().st_size > MAX_MANIFEST_BYTES:
        raise BundleError(f"{path} is over 1 MiB, too large for a manifest.")
    try:
        manifest = Manifest.model_validate(json.loads(path.read_bytes()))
        manifest.graph()
    except ValidationError as error:
        raise BundleError(f"{path}: {explain(error, Manifest)}") from None
    except (ValueError, RecursionError) as error:
        if isinstance(error, SkeletonError | ConfigError):
            raise
        raise BundleError(f"{path} is not JSON.") from None
    missing = {STEP, CLIP, WEIGHTS} - set(manifest.files)
    if missing:
        raise BundleError(f"{path} does not list {', '.join(sorted(missing))}.")
    return manifest


def _read_checked(folder: Path, name: str, manifest: Manifest) -> bytes:
    if name != Path(name).name or name in (".", ".."):
        raise BundleError(f"{folder}: file name {name!r} leaves the bundle.")
    path, entry = folder / name, manifest.files[name]
    if not path.is_file() or path.is_symlink():
        raise BundleError(f"{folder} is not whole: {name} is missing.")
    size = path.stat().st_size
    if size != entry.bytes or size > MAX_FILE_BYTES:
        raise BundleError(f"{path} has {size} bytes, {MANIFEST} says {entry.bytes}: copy it again.")
    data = path.read_bytes()
    if sha256(data) != entry.sha256:
        raise BundleError(f"the checksum of {path} does not match {MANIFEST}: copy it again.")
    return data
