"""The promises of every feature, as small functions; ``test_feature_contracts.py`` runs them.

Legend: C channels, T frames, V joints, M people.
"""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kinestream.features import Pipeline
from kinestream.features.pipeline import Past
from kinestream.skeletons import skeleton

Array = NDArray[np.float32]

# What the two forms may differ by, relative to the peak: nothing but the order of few additions.
SAME = 1e-6


@dataclass(frozen=True)
class Case:
    """Features on a layout."""

    layout: str
    channels: tuple[str, ...]
    specs: tuple[str | dict[str, Any], ...]

    def __str__(self) -> str:
        names = [
            spec if isinstance(spec, str) else "-".join(map(str, spec.values()))
            for spec in self.specs
        ]
        return f"{self.layout}-{''.join(c[0] for c in self.channels)}-{'+'.join(names)}"

    def make(self) -> Pipeline:
        pipeline = Pipeline(skeleton(self.layout), self.channels, list(self.specs))
        pipeline.fit([recording(pipeline, frames=12, seed=77, people=2)])
        return pipeline


def recording(
    pipeline: Pipeline, frames: int = 11, seed: int = 0, people: int = 1, gaps: float = 0.3
) -> Array:
    """(C, T, V, M) of people who drift; with gaps where the pipeline takes missing joints."""
    rng = np.random.default_rng(seed)
    shape = len(pipeline.raw_channels), frames, pipeline.num_joints, people
    x = rng.normal(0, 0.2, shape).cumsum(axis=1) + rng.normal(0.5, 1, (*shape[:1], 1, *shape[2:]))
    if "score" in pipeline.raw_channels:
        x[pipeline.raw_channels.index("score")] = rng.random(shape[1:])
    if pipeline.takes_missing and gaps:
        x[:, rng.random(shape[1:]) < gaps] = np.nan
        x[0, rng.random(shape[1:]) < gaps / 5] = np.nan  # one value of a joint alone
        x[:, :2] = np.nan  # nobody was there yet
    return x.astype(np.float32)


def in_frames(pipeline: Pipeline, x: Array) -> Array:
    """(C, T, V, M) through the frame form, each person with a past of his own."""
    people = []
    for m in range(x.shape[3]):
        past, frames = pipeline.start(), []
        for t in range(x.shape[1]):
            frame, past = pipeline.frame(x[:, t, :, m], past)
            frames.append(frame)
        people.append(np.stack(frames, axis=1))
    return np.stack(people, axis=-1)


def check_clip_equals_frames(case: Case) -> None:
    """Frame by frame gives the clip's numbers, whatever the length and the number of people."""
    pipeline = case.make()
    for frames, people, gaps in ((1, 1, 0.0), (2, 1, 0.3), (11, 2, 0.3), (30, 1, 0.8)):
        x = recording(pipeline, frames, seed=frames, people=people, gaps=gaps)
        y = pipeline.clip(x)
        assert y.shape == (len(pipeline.channels), frames, pipeline.num_joints, people)
        assert y.dtype == np.float32 and np.isfinite(y).all()
        np.testing.assert_allclose(in_frames(pipeline, x), y, rtol=0, atol=SAME * np.abs(y).max())


def check_frames_are_frames(case: Case) -> None:
    """A frame's features are (C', V) float32 and own their memory."""
    pipeline = case.make()
    x = recording(pipeline, 2, seed=4)
    frame, _ = pipeline.frame(x[:, 1, :, 0], pipeline.start())
    assert frame.shape == (len(pipeline.channels), pipeline.num_joints)
    assert frame.dtype == np.float32 and (not case.specs or not np.shares_memory(frame, x))


def check_causal(case: Case) -> None:
    """Nothing after a frame changes it: neither other values nor other frames nor none."""
    pipeline = case.make()
    x = recording(pipeline, seed=5)
    y = pipeline.clip(x)
    for cut in (1, 4, 10):
        changed = x.copy()
        changed[:, cut:] = recording(pipeline, seed=6)[:, cut:] + 3
        # Not bit for bit: how numpy adds up rows depends on how long they are.
        for other in (pipeline.clip(changed)[:, :cut], pipeline.clip(x[:, :cut])):
            np.testing.assert_allclose(other, y[:, :cut], rtol=0, atol=SAME * np.abs(y).max())


def check_nothing_is_changed(case: Case) -> None:
    """Neither form changes its input or a past, and neither keeps what belongs to the caller."""
    pipeline = case.make()
    x = recording(pipeline, 6, seed=2)
    kept = x.copy()
    made = pipeline.clip(x)
    made[:] = 0
    past = pipeline.start()
    for t in range(5):
        buffer = x[:, t, :, 0].copy()
        before = copy.deepcopy(past)
        first, after = pipeline.frame(buffer, past)
        once = first.copy()
        first[:] = 99  # what came out belongs to the caller, as does the buffer
        buffer[:] = 99
        again, _ = pipeline.frame(x[:, t, :, 0], past)
        np.testing.assert_array_equal(again, once)
        assert same(past, before)
        past = after
    np.testing.assert_array_equal(x, kept)
    last, _ = pipeline.frame(x[:, 5, :, 0], past)
    np.testing.assert_allclose(last, in_frames(pipeline, x)[:, 5, :, 0], atol=1e-4)


def check_rebuilt_from_what_it_writes(case: Case) -> None:
    """Through JSON and back: the same channels, the same numbers."""
    pipeline = case.make()
    written = json.loads(json.dumps(pipeline.to_list(), allow_nan=False))
    again = Pipeline(pipeline.skeleton, pipeline.raw_channels, written)
    assert again.channels == pipeline.channels and again.to_list() == pipeline.to_list()
    x = recording(pipeline, seed=7)
    np.testing.assert_array_equal(again.clip(x), pipeline.clip(x))


def check_confidences_are_no_coordinates(case: Case) -> None:
    """Whatever the body does, ``score`` and ``seen`` depend on confidences and gaps alone."""
    pipeline = case.make()
    rows = [i for i, name in enumerate(pipeline.channels) if name in ("score", "seen")]
    raw = [i for i, name in enumerate(pipeline.raw_channels) if name != "score"]
    x = recording(pipeline, seed=8)
    moved = x.copy()
    moved[raw] = moved[raw] * 3 + 1
    y = pipeline.clip(x)[rows]
    np.testing.assert_array_equal(pipeline.clip(moved)[rows], y)
    assert not y.size or (y.min() >= 0 and y.max() <= 1)
    assert not [name for name in pipeline.channels if name in ("d_score", "d_seen")]


def check_unseen_joints_are_still(case: Case) -> None:
    """Where ``seen`` is 0, what is made of positions is 0."""
    pipeline = case.make()
    if "seen" not in pipeline.channels:
        return
    y = pipeline.clip(recording(pipeline, frames=20, seed=9, gaps=0.6))
    unseen = y[pipeline.channels.index("seen")] == 0
    assert unseen.any()
    rows = [i for i, name in enumerate(pipeline.channels) if name not in ("score", "seen")]
    assert (y[rows][:, unseen] == 0).all()


def check_missing_joints_need_hold(case: Case) -> None:
    """NaN goes where ``hold`` is first, infinity nowhere."""
    from kinestream.errors import DataError

    pipeline = case.make()
    for value in (np.nan, np.inf, -np.inf):
        x = recording(pipeline, seed=1, gaps=0)
        x[0, 2, 1, 0] = value
        taken = pipeline.takes_missing and np.isnan(value)
        for call in (pipeline.clip, pipeline.check, lambda x: pipeline.fit([x])):
            try:
                call(x)
            except DataError as error:
                assert not taken and f"joint 1 of frame 2 is {value}" in str(error)
                assert ("'hold'" in str(error)) == np.isnan(value)
            else:
                assert taken


def same(a: Past, b: Past) -> bool:
    """Equal bit for bit."""
    return all(
        (one is None and other is None) or np.array_equal(one, other, equal_nan=True)  # type: ignore[arg-type]
        for one, other in zip(a, b, strict=True)
    )


CHECKS = [value for name, value in list(globals().items()) if name.startswith("check_")]
