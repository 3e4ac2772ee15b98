"""Every check x every feature, and twins that break a promise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinestream.clips import IMU, XYZ
from kinestream.features import FEATURES, Feature, Pipeline
from kinestream.features.feature import Array, Kept
from kinestream.skeletons import Skeleton, layout_names, skeleton
from tests.features import checks
from tests.features.checks import CHECKS, Case, recording
from tests.features.reference import REFERENCES, read, written

HOLD: dict[str, Any] = {"name": "hold", "hold_frames": 2}
SCORED = ("x", "y", "score")

SINGLE: list[str | dict[str, Any]] = [
    *("body_frame", "bone", "bone_motion", "centre", "displacement", "heading", "hold"),
    *("motion", "relative", "scale"),
    {"name": "body_frame", "mode": "running", "memory_frames": 3},
    {"name": "body_frame", "spine": [["left_hip", 16], "head"], "shoulders": [[5], "right_hip"]},
    {"name": "bone", "bones": [["head", 3], [0, 0]]},
    {"name": "centre", "joint": "head", "when": "first"},
    {"name": "centre", "joint": ["left_hip", "right_hip"]},
    {"name": "relative", "joint": 0},
    {"name": "scale", "when": "running", "memory_frames": 4},
    {"name": "scale", "bones": [["head", "left_hip"], [["left_hip", "right_hip"], 3]]},
]
FLAT: list[str | dict[str, Any]] = [
    *("bone", "bone_motion", "centre", "displacement", "motion", "relative", "scale"),
    {"name": "scale", "when": "running"},
    {"name": "centre", "when": "first"},
]
STREAMS: list[tuple[str | dict[str, Any], ...]] = [
    ({"name": "centre", "when": "first"}, "body_frame", "bone", "motion"),
    ("displacement", {"name": "centre", "joint": 0}, "standardise"),
    ("relative", "displacement", "heading", "scale", "magnitude", "standardise"),
    ("scale", "centre", "displacement", "bone", "standardise"),
]
CASES = [
    *(Case("ntu25", XYZ, (spec,)) for spec in SINGLE),
    *(Case("ntu25", XYZ, (HOLD, spec)) for spec in SINGLE if spec != "hold"),
    *(Case("coco17", SCORED, (spec,)) for spec in FLAT),
    *(Case("coco17", SCORED, ({**HOLD, "min_score": 0.2}, spec)) for spec in FLAT),
    *(Case("openpose18", ("x", "y"), (spec,)) for spec in FLAT),
    *(Case("kinect20", XYZ, specs) for specs in STREAMS),
    *(Case("sbu15", XYZ, (HOLD, *specs)) for specs in STREAMS),
    Case("phonewatch2", IMU, ("magnitude", "standardise")),
    Case("phonewatch2", IMU, (HOLD, "displacement", "magnitude", "standardise")),
    Case("kinect20", XYZ, ()),
    Case("coco17", SCORED, ("standardise",)),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_feature_contract(check: Callable[[Case], None], case: Case) -> None:
    check(case)


def test_every_feature_is_held() -> None:
    names = {spec if isinstance(spec, str) else spec["name"] for c in CASES for spec in c.specs}
    assert names == set(FEATURES)
    assert set(FEATURES) - set(REFERENCES) == {"magnitude", "standardise"}  # by hand elsewhere


@pytest.mark.parametrize("case", [c for c in CASES if len(c.specs) in (1, 2)], ids=str)
@pytest.mark.parametrize("few", [False, True], ids=["some gaps", "many gaps"])
def test_features_are_their_sentences(case: Case, few: bool) -> None:
    """Against the naive reading, also where little is seen or all of a body is zero."""
    pipeline = case.make()
    x = recording(pipeline, frames=40, seed=3, gaps=0.7 if few else 0.3)
    if few and not pipeline.takes_missing:
        x[:, [0, 5]] = 0
    frames = read(x[..., 0], case.channels)
    for spec in case.specs:
        name, arguments = (spec, {}) if isinstance(spec, str) else (spec["name"], {**spec})
        arguments.pop("name", None)
        if name not in REFERENCES:
            pytest.skip("measured, not a sentence")
        frames = REFERENCES[name](pipeline.skeleton, frames, **arguments)
    truth = written(frames, pipeline.channels)
    found = pipeline.clip(x)[..., 0]
    np.testing.assert_allclose(found, truth, rtol=0, atol=2e-6 * max(np.abs(truth).max(), 1))


@pytest.mark.parametrize("layout", layout_names())
def test_defaults_suit_every_layout_of_positions(layout: str) -> None:
    if skeleton(layout).units == "imu":
        pytest.skip("sensors have no positions")
    named = "left_shoulder" in skeleton(layout).joints
    case = Case(layout, XYZ, (*(["body_frame"] if named else []), "scale", "centre", "bone"))
    checks.check_clip_equals_frames(case)


ANY = st.sampled_from(["centre", "displacement", "heading", "relative", "scale", "standardise"])
LAST = st.sampled_from([[], ["bone"], ["motion"], ["bone", "motion"], ["magnitude"]])


@given(st.lists(ANY, max_size=4), LAST, st.booleans(), st.integers(0, 99))
def test_any_pipeline_keeps_the_promises(
    specs: list[str], last: list[str], gaps: bool, seed: int
) -> None:
    case = Case("kinect20", XYZ, (*([HOLD] if gaps else []), *specs, *last))
    for check in (checks.check_clip_equals_frames, checks.check_causal):
        check(case)
    x = recording(case.make(), seed=seed)
    assert np.isfinite(case.make().clip(x)).all()


class Twin(Feature):
    """Passes everything; what breaks a promise derives from it."""

    name = "twin"

    def __init__(self, skeleton: Skeleton, channels: tuple[str, ...]) -> None:
        self.channels = channels

    def clip(self, x: Array) -> Array:
        return x.copy()

    def frame(self, x: Array, past: Kept | None) -> tuple[Array, Kept | None]:
        return x.copy(), None


class LooksAhead(Twin):
    def clip(self, x: Array) -> Array:
        return np.concatenate([x[:, 1:], x[:, -1:]], axis=1)


class KnowsTheWhole(Twin):
    def clip(self, x: Array) -> Array:
        return np.asarray(x - x.mean(axis=1, keepdims=True))


class ChangesItsInput(Twin):
    def clip(self, x: Array) -> Array:
        x += 1
        return x - 1


class ChangesItsPast(Twin):
    def frame(self, x: Array, past: Kept | None) -> tuple[Array, Kept | None]:
        past = np.zeros(1) if past is None else past
        past += 1
        return x.copy(), past


class KeepsWhatIsNotItsOwn(Twin):
    def frame(self, x: Array, past: Kept | None) -> tuple[Array, Kept | None]:
        return x.copy() if past is None else past + x * 0, x


class Forgets(Twin):
    def __init__(self, skeleton: Skeleton, channels: tuple[str, ...], by: float = 0) -> None:
        super().__init__(skeleton, channels)
        self._by = np.float32(by)

    def clip(self, x: Array) -> Array:
        return x + self._by

    def to_dict(self) -> dict[str, Any]:
        return {"name": self.name}


@pytest.mark.parametrize(
    ("twin", "spec", "check"),
    [
        (LooksAhead, "twin", checks.check_causal),
        (LooksAhead, "twin", checks.check_clip_equals_frames),
        (KnowsTheWhole, "twin", checks.check_causal),
        (ChangesItsInput, "twin", checks.check_nothing_is_changed),
        (ChangesItsPast, "twin", checks.check_nothing_is_changed),
        (KeepsWhatIsNotItsOwn, "twin", checks.check_nothing_is_changed),
        (Forgets, {"name": "twin", "by": 1}, checks.check_rebuilt_from_what_it_writes),
    ],
)
def test_a_broken_feature_is_found(
    twin: type[Feature], spec: str | dict[str, Any], check: Callable[[Case], None]
) -> None:
    with patch.dict(FEATURES, {"twin": twin}), pytest.raises(AssertionError):
        check(Case("sbu15", XYZ, (spec,)))


def test_the_twin_itself_is_sound() -> None:
    with patch.dict(FEATURES, {"twin": Twin}):
        for check in CHECKS:
            check(Case("sbu15", XYZ, ("twin",)))


def test_hold_comes_first() -> None:
    from kinestream.errors import ConfigError

    with pytest.raises(ConfigError, match="'hold' must come first, before 'centre'"):
        Pipeline(skeleton("ntu25"), XYZ, ["centre", "hold"])
