"""Recordings with missing joints on their way into a network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from kinestream.clips import Clip
from kinestream.errors import DataError

pytest.importorskip("torch")

from kinestream.training.augment import augment
from kinestream.training.building import pipeline_of
from kinestream.training.config import AugmentConfig
from kinestream.training.data import TrialMaker, fit_setup

ClipOf = Callable[..., Clip]

HOLD: list[str | dict[str, object]] = [
    {"name": "hold", "hold_frames": 3},
    "centre",
    "displacement",
    "standardise",
]


def with_gaps(clip: Clip, seed: int = 0) -> Clip:
    rng = np.random.default_rng(seed)
    data = clip.data.copy()
    data[:, rng.random(data.shape[1:]) < 0.3] = np.nan
    return replace(clip, data=data, source=f"recording {seed}")


def test_features_that_begin_with_hold_take_them(clip_of: ClipOf) -> None:
    clips = [with_gaps(clip_of(30, seed=seed), seed) for seed in range(3)]
    pipeline = pipeline_of(fit_setup(clips, HOLD))
    trial = TrialMaker(pipeline)(clips[0])
    assert trial.x.isfinite().all() and trial.x.shape[0] == len(pipeline.channels)
    seen = trial.x[pipeline.channels.index("seen")]
    assert ((seen > 0) & (seen < 1)).any() and (seen == 1).any()
    config = AugmentConfig(rotate_deg=30, scale=0.1, noise=0.01, speed=0.2, mirror=True)
    changed = augment(clips[1], config, np.random.default_rng(0))
    assert TrialMaker(pipeline)(changed).x.isfinite().all()


def test_whoever_is_not_in_a_scene_is_not_seen_in_training(clip_of: ClipOf) -> None:
    clip = with_gaps(clip_of(12))
    pipeline = pipeline_of(fit_setup([clip], HOLD))
    x = TrialMaker(pipeline, people=3)(clip).x
    assert x.shape[-1] == 3 and x[..., 0].any() and not x[..., 1:].any()


def test_others_refuse_them_by_name(clip_of: ClipOf) -> None:
    whole, gaps = clip_of(30, seed=1), with_gaps(clip_of(30, seed=2), 2)
    with pytest.raises(DataError, match="recording 2: joint .* is nan: .* begin with 'hold'"):
        fit_setup([whole, gaps], ["centre"])
    pipeline = pipeline_of(fit_setup([whole], ["centre"]))
    with pytest.raises(DataError, match="recording 2: joint .* is nan: .* begin with 'hold'"):
        TrialMaker(pipeline)(gaps)
