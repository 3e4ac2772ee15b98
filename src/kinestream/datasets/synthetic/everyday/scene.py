"""What is asked of a generated recording of everyday actions, checked.

Legend: ranges are (lowest, highest).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Literal, TypedDict, get_args

from kinestream.datasets.synthetic.everyday.pairs import PAIR_ACTIONS, pair_classes_of
from kinestream.datasets.synthetic.everyday.vocabulary import ACTIONS, classes_of
from kinestream.datasets.synthetic.ranges import whole, within
from kinestream.errors import ConfigError
from kinestream.skeletons import Skeleton, skeleton

View = Literal["camera3d", "image"]
Range = tuple[float, float]

MAX_FPS, MAX_SECONDS = 240.0, 3600.0


@dataclass(frozen=True)
class Variation:
    """From what ranges people and cameras are drawn.

    Attributes:
        height_m: Body heights.
        pace: Duration of all movements; 1 is usual, 2 twice as slow.
        camera_yaw_deg: Where the camera stands around the room; 0 is in front of who begins.
        camera_height_m: Over the floor.
        camera_distance_m: From the middle of the room.

    Raises:
        ConfigError: A range is not two rising numbers, or holds what nobody is.
    """

    height_m: Range = (1.50, 1.95)
    pace: Range = (0.85, 1.20)
    camera_yaw_deg: Range = (-60.0, 60.0)
    camera_height_m: Range = (0.8, 2.2)
    camera_distance_m: Range = (4.6, 6.5)

    def __post_init__(self) -> None:
        limits = ((1.0, 2.2), (0.5, 2.0), (-360.0, 360.0), (0.0, 5.0), (4.0, 20.0))
        for field, (lowest, highest) in zip(fields(self), limits, strict=True):
            value = getattr(self, field.name)
            if not isinstance(value, tuple) or len(value) != 2:
                raise ConfigError(
                    f"{field.name} must be a lowest and a highest number, got {value!r}."
                )
            for end in value:
                within(field.name, end, lowest, highest)
            if value[0] > value[1]:
                raise ConfigError(f"{field.name} must have the lower number first, got {value!r}.")


class Options(TypedDict, total=False):
    """Keyword arguments of ``generate("everyday", ...)``; see :class:`Scene`."""

    skeleton: str | Skeleton
    fps: float
    actions: Sequence[str] | None
    people: int
    seconds: float | None
    trimmed: bool
    view: View | None
    noise: float
    occlusion: float
    variation: Variation


@dataclass(frozen=True)
class Scene:
    """A recording of everyday actions.

    Attributes:
        skeleton: A layout of joints of the whole body, or of sensors.
        fps: Frames per second, up to 240.
        actions: What is done, in random order; None is everything.
        people: 1, or 2 who do things with each other.
        seconds: Length; without it everything is done once, or ``rounds`` times.
        trimmed: Keep only the frames of the action itself; needs exactly one action.
        view: ``camera3d`` is metres in camera axes, ``image`` pixels with a score; None takes pixels
            for layouts of pixels, and metres for others. Sensors have none.
        noise: How much tracker or sensor err; 0 is exact, 1 usual.
        occlusion: How much is hidden or lost, 0 to 1.
        variation: From what ranges people and cameras are drawn.

    Raises:
        ConfigError: A value is of the wrong type, out of range, or does not fit the others.
        SkeletonError: There is no such layout.
    """

    skeleton: str | Skeleton = "ntu25"
    fps: float = 30.0
    actions: Sequence[str] | None = None
    people: int = 1
    seconds: float | None = None
    trimmed: bool = False
    view: View | None = None
    noise: float = 1.0
    occlusion: float = 0.0
    variation: Variation = Variation()

    def __post_init__(self) -> None:
        if not isinstance(self.skeleton, str | Skeleton):
            raise ConfigError(f"skeleton must be a name or a Skeleton, got {self.skeleton!r}.")
        within("fps", self.fps, 1.0, MAX_FPS)
        within("noise", self.noise, 0.0, 10.0)
        within("occlusion", self.occlusion, 0.0, 1.0)
        if self.seconds is not None:
            within("seconds", self.seconds, 0.5, MAX_SECONDS)
        whole("people", self.people, 1, 2)
        if self.view is not None and self.view not in get_args(View):
            raise ConfigError(f"view must be {' or '.join(get_args(View))}, got {self.view!r}.")
        if self.view is not None and self.sensors:
            raise ConfigError(
                f"view is for joints, and {self.layout.name!r} is a layout of sensors: leave it out."
            )
        _check_names(self.actions)
        _check_alone(self.actions, self.people)
        if not isinstance(self.variation, Variation):
            raise ConfigError(f"variation must be a Variation, got {self.variation!r}.")
        if self.trimmed and len(self.names) != 1:
            raise ConfigError(
                f"a trimmed recording holds one action, got {len(self.names)}: name one in actions."
            )
        _ = self.classes

    @property
    def names(self) -> tuple[str, ...]:
        """The actions that are asked for."""
        every = ACTIONS if self.people == 1 else PAIR_ACTIONS
        return tuple(every if self.actions is None else dict.fromkeys(self.actions))

    @property
    def classes(self) -> tuple[str, ...]:
        """Everything that can be in the recording: the same for every seed."""
        return classes_of(self.names) if self.people == 1 else pair_classes_of(self.names)

    @property
    def layout(self) -> Skeleton:
        """The skeleton, in the units of the view."""
        found = self.skeleton if isinstance(self.skeleton, Skeleton) else skeleton(self.skeleton)
        if found.units == "imu":
            return found
        pixels = self.view == "image" or (self.view is None and found.units == "px")
        if found.units == "mm" and not pixels:
            return found
        return replace(found, units="px" if pixels else "m")

    @property
    def sensors(self) -> bool:
        """Whether the recording is of sensors."""
        return self.layout.units == "imu"


def _check_names(names: object) -> None:
    listed = isinstance(names, list | tuple) and all(isinstance(name, str) for name in names)
    if names is not None and not listed:
        raise ConfigError(f"actions must be a list of names, got {names!r}.")


def _check_alone(names: Sequence[str] | None, people: int) -> None:
    shared = [name for name in names or () if name in PAIR_ACTIONS and name not in ACTIONS]
    if people == 1 and shared:
        raise ConfigError(
            f"{', '.join(shared)} needs two people: ask for people=2 (--people 2), who can do "
            f"{', '.join(PAIR_ACTIONS)}."
        )
