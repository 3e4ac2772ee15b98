"""What a training run is told: one validated configuration."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from kinestream.config import load_config
from kinestream.skeletons.graph import Normalisation, Strategy
from kinestream.streaming.events.rules import EventRules
from kinestream.training.losses.settings import LossConfig


class Section(BaseModel):
    """A section of the configuration: unknown keys are errors."""

    model_config = ConfigDict(extra="forbid")


class DataConfig(Section):
    """Which recordings: a prepared data set, as a folder per split, a store or array files."""

    path: str
    protocol: str | None = None
    """How a store is divided, for example ``xsub`` or ``loso:s03``; its usual one unless given."""
    train: str = "train"
    test: str = "test"
    fps: float | None = Field(default=None, gt=0)
    """Needed only for data sets without ``dataset.json``."""
    valid_subjects: list[str] = []
    """Subjects taken out of the training split to choose settings on."""
    train_on_valid: bool = False
    """Train on all training subjects again, once settings are chosen."""


class GraphConfig(Section):
    """How the skeleton's neighbourhoods are divided."""

    strategy: Strategy = "spatial"
    max_hop: int = Field(default=1, ge=1, le=16)
    dilation: int = Field(default=1, ge=1, le=16)
    normalisation: Normalisation = "column"


class NetworkConfig(Section):
    """Which network, and its own keyword arguments."""

    name: str
    arguments: dict[str, Any] = {}
    lookahead_s: float | None = Field(default=None, ge=0, le=3600)
    """How long a label may wait; the argument ``lookahead`` in seconds, at the rate of the data."""


class ClipsConfig(Section):
    """How a network that answers once for a whole clip is given its clips."""

    frames: int = Field(default=64, ge=2, le=4096)
    """Every clip is played at the speed that gives it so many frames."""
    crop: float = Field(default=1, gt=0, le=1)
    """In training a random stretch is taken first, at least this share of the clip."""


class AugmentConfig(Section):
    """Random changes of training recordings, drawn anew in every epoch."""

    rotate_deg: float = Field(default=0, ge=0, le=180)
    """Largest angle: about the vertical for positions, about any axis for sensors."""
    tilt_deg: float = Field(default=0, ge=0, le=90)
    """Largest angle about some horizontal axis, for positions: cameras that look up or down."""
    scale: float = Field(default=0, ge=0, lt=1)
    """Sizes are multiplied by 1 - scale to 1 + scale."""
    stretch: float = Field(default=0, ge=0, lt=1)
    """So is each of x, y and z on its own, for positions: other builds, other lenses."""
    noise: float = Field(default=0, ge=0, allow_inf_nan=False)
    """Standard deviation of white noise, in the units of the data."""
    speed: float = Field(default=0, ge=0, lt=1)
    """Playing speed is multiplied by 1 - speed to 1 + speed."""
    turn_over: list[str] = []
    """Sensors that may be worn turned half around any of their axes, as a phone in a pocket."""
    mirror: bool = False
    """Swap left and right in half of the recordings."""


class DecodeConfig(Section):
    """From probabilities to labels, in tests and in the bundle."""

    margin: float = Field(default=0, ge=0, le=1)
    """A label is kept until another class is this much more likely; 0 takes the most likely one."""


class EventsConfig(Section):
    """From probabilities to events, in tests and in the bundle."""

    onset: float = EventRules.onset
    """Score from which the best class takes over."""
    release: float = EventRules.release
    """Score down to which it is then kept; not above the onset."""
    min_duration_ms: float = EventRules.min_duration_ms
    """How long an action is shown before it has started."""
    merge_gap_ms: float = EventRules.merge_gap_ms
    """Shorter pauses do not end an action."""
    unknown: float | None = None
    """Frames whose best score is lower are nobody's; null takes what was measured on validation."""
    idle: list[str] = []
    """Classes that make no events, beside those of the background."""
    keep: float = Field(default=0.95, gt=0, le=1)
    """Share of the frames rightly seen as an action that the measured score must keep."""

    @model_validator(mode="after")
    def _are_rules(self) -> Self:
        self.rules()
        return self

    def rules(self, measured: float | None = None) -> EventRules:
        """The rules, with what was measured on validation unless ``unknown`` is set; 0 without both."""
        unknown = measured if self.unknown is None else self.unknown
        return EventRules(
            onset=self.onset,
            release=self.release,
            min_duration_ms=self.min_duration_ms,
            merge_gap_ms=self.merge_gap_ms,
            unknown=unknown or 0.0,
        )


class OptimizerConfig(Section):
    """How weights follow gradients, and how the rate goes after a linear warm-up."""

    name: Literal["adamw", "sgd"] = "adamw"
    learning_rate: float = Field(default=1e-3, gt=0, allow_inf_nan=False)
    weight_decay: float = Field(default=1e-2, ge=0, allow_inf_nan=False)
    momentum: float = Field(default=0.9, ge=0, lt=1)
    """Nesterov momentum of SGD; 0 for none."""
    schedule: Literal["cosine", "step", "constant"] = "cosine"
    """A cosine to zero, steps down at the milestones, or the same rate to the end."""
    milestones: list[float] = []
    """Epochs, in rising order, after which the schedule ``step`` multiplies the rate by gamma."""
    gamma: float = Field(default=0.1, gt=0, le=1)
    warmup_epochs: float = Field(default=1, ge=0, allow_inf_nan=False)
    clip_norm: float = Field(default=0, ge=0)
    """Gradients above this norm are scaled down; 0 never."""
    ema: float = Field(default=0, ge=0, lt=1)
    """Decay of the averaged weights that are tested and exported; 0 takes the last weights."""

    @model_validator(mode="after")
    def _milestones_belong_to_steps(self) -> Self:
        if (self.schedule == "step") != bool(self.milestones):
            raise ValueError("milestones and the schedule 'step' go together: give both or neither")
        if not all(a < b for a, b in pairwise([0.0, *self.milestones])):
            raise ValueError(f"milestones must be above 0 and rise, got {self.milestones}")
        return self


class TrainingConfig(Section):
    """How long, in what pieces, from which seed."""

    epochs: int = Field(default=50, ge=1)
    batch_size: int = Field(default=8, ge=1)
    """Recordings that share one optimizer step, whatever their lengths."""
    segment: Annotated[int, Field(ge=0)] | Literal["auto"] = 0
    """Frames of a recording that are in memory at once; 0 takes it whole, ``auto`` what fits."""
    batch_norm: Literal["batch", "frozen"] = "batch"
    """Take statistics over the whole effective batch, or leave the running ones as they are."""
    seed: int = Field(default=0, ge=0, lt=1 << 63)
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """``auto`` takes a GPU where there is one."""
    precision: Literal["fp32", "tf32", "bf16", "fp16"] = "fp32"
    """Of the products inside the network; weights, losses and optimizer stay in fp32."""
    compile: bool = False
    """Let torch compile the network: worth its minutes in long runs."""
    threads: int = Field(default=0, ge=0, le=1024)
    """Threads of torch; 0 leaves its default."""
    test_every: int = Field(default=10, ge=1)
    """Epochs between tests; the last epoch is always tested."""
    save_every: int = Field(default=0, ge=0)
    """Steps of an epoch between checkpoints; 0 for one at the end of every epoch only."""
    max_bad_steps: int = Field(default=10, ge=1)
    """Steps in a row without a finite loss and gradient that end a run; fewer are skipped."""
    best_valid: Literal["", "accuracy", "frame_accuracy", "edit", "f1@10", "f1@25", "f1@50"] = ""
    """Also keep the weights that are best on the validation subjects by this figure."""
    quantise: Literal["", "int8"] = ""
    """Round products as the eight-bit graph will, so that the network learns to live with it."""
    quantise_from: int = Field(default=1, ge=1)
    """The first epoch that does; earlier ones are exact."""
    tensorboard: bool = False
    """Write the figures for TensorBoard, too."""

    @field_validator("segment", mode="before")
    @classmethod
    def _frames_or_auto(cls, value: object) -> object:
        whole = isinstance(value, int) and not isinstance(value, bool) and value >= 0
        if not whole and value != "auto":
            raise ValueError(f"it is a number of frames, 0 for all, or 'auto', got {value!r}")
        return value

    @model_validator(mode="after")
    def _rounds_in_some_epoch(self) -> Self:
        if self.quantise and self.quantise_from > self.epochs:
            raise ValueError(
                f"quantise_from must be one of the {self.epochs} epochs, got {self.quantise_from}"
            )
        return self


class TrainConfig(Section):
    """Everything that ``kinestream train`` needs; saved resolved with every run."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")
    data: DataConfig
    features: list[str | dict[str, Any]] = []
    graph: GraphConfig = GraphConfig()
    network: NetworkConfig
    clips: ClipsConfig | None = None
    """Only for networks that answer once for a whole clip, which need it."""
    augment: AugmentConfig = AugmentConfig()
    loss: LossConfig = LossConfig()
    optimizer: OptimizerConfig = OptimizerConfig()
    training: TrainingConfig = TrainingConfig()
    decode: DecodeConfig = DecodeConfig()
    events: EventsConfig = EventsConfig()
    background: list[str] = []
    """Classes that are not segments of their own when F1 and edit are counted."""
    card: dict[str, str] = {}
    """Title, licence and source of the data, for the model card of an export."""
    custom: dict[str, Any] = {}
    """Free keys for your own network; passed to it as the argument ``custom`` when not empty."""

    @model_validator(mode="after")
    def _best_is_chosen_on_validation(self) -> Self:
        held_out = self.data.valid_subjects and not self.data.train_on_valid
        if self.training.best_valid and not held_out:
            raise ValueError(
                "training.best_valid needs data.valid_subjects that are not trained on"
            )
        return self


def load_train_config(paths: Sequence[Path], changes: Sequence[str] = ()) -> TrainConfig:
    """Read a configuration that is made of one file or of several.

    Args:
        paths: Each file is laid over those before it; what is put together from several is called
            after all of them, unless a change gives it a name.
        changes: As :func:`kinestream.config.load_config`.

    Raises:
        MissingFileError: There is no such file.
        ConfigError: A key or value is wrong.
    """
    together = re.sub(r"[^A-Za-z0-9._-]+", "-", "-".join(path.stem for path in paths))
    name = [f'name="{together[:64]}"'] if len(paths) > 1 else []
    return load_config(paths, TrainConfig, [*name, *changes])
