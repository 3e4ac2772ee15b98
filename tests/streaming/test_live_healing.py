"""Whatever comes for a while, labels are finite, and in the end they are as if nothing had been."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kinestream.errors import DataError
from kinestream.streaming.live import Record
from kinestream.streaming.live.repair import Repair
from tests.streaming.live_frames import FPS, Array, adds_up, clean, sensors, walk

BEFORE, BURST = 30, 50
KINDS = ("nan", "inf", "-inf", "huge", "largest", "one joint", "nobody", "noise", "zeros", "tiny")


def spoilt(frame: Array, kind: str, rng: np.random.Generator) -> Array:
    bad = frame.copy()
    where = rng.random(frame.shape) < 0.5
    where[0, 0] = True
    if kind in ("nan", "inf", "-inf"):
        bad[where] = float(kind)
    elif kind == "huge":
        bad[where] = 3e38
    elif kind == "largest":
        bad[where] = rng.choice([-1e6, 1e6])
    elif kind == "one joint":
        bad[:, 1] = np.nan
    elif kind == "nobody":
        bad[:] = np.nan
    elif kind == "noise":
        bad += rng.normal(0, 1e5, frame.shape)
    else:
        bad[:] = 0 if kind == "zeros" else 1e-45
    return bad


def healing_gate(kinds: list[str], seed: int = 0) -> list[Record]:
    """Finite always; after one receptive field of clean frames as the undisturbed run."""
    bundle = sensors()
    field = bundle.manifest.receptive_field
    x = walk(BEFORE + BURST + field + 20)
    rng = np.random.default_rng(seed)
    live, records = bundle.live(fps=FPS), []
    for t, frame in enumerate(x):
        burst = BEFORE <= t < BEFORE + BURST
        given = spoilt(frame, kinds[(t - BEFORE) % len(kinds)], rng) if burst else frame
        records += live.push(given, t / FPS, t)
        adds_up(live.counters)
    assert len(records) == len(x)
    assert all(np.isfinite(r.label.score) for r in records if r.label)
    truth = clean(list(x))
    for record, label in zip(records[BEFORE + BURST + field :], truth[-20:], strict=True):
        assert record.label and record.label.name == label.name
        assert abs(record.label.score - label.score) <= 1e-5
    return records


@pytest.mark.parametrize("kind", KINDS)
def test_a_burst_of_one_kind_heals(kind: str) -> None:
    records = healing_gate([kind])
    disturbed = [r.label.score for r in records[BEFORE : BEFORE + BURST] if r.label]
    truth = [label.score for label in clean(list(walk(BEFORE + BURST)))[BEFORE:]]
    assert disturbed != truth


@settings(max_examples=3)
@given(st.lists(st.sampled_from(KINDS), min_size=2, max_size=50), st.integers(0, 9))
def test_a_burst_of_all_kinds_heals(kinds: list[str], seed: int) -> None:
    healing_gate(kinds, seed)


@pytest.mark.parametrize("kind", ["nan", "one joint"])
def test_a_front_that_lets_nan_in_is_found(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stream behind it refuses NaN; one that did not would never be finite again."""
    monkeypatch.setattr(Repair, "fill", lambda self, joints: joints)
    with pytest.raises(DataError, match="is nan"):
        healing_gate([kind])


def test_a_front_that_keeps_a_joint_for_ever_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    fill = Repair.fill

    def forgetful(self: Repair, joints: Array) -> Array:
        made = fill(self, joints)
        self._kept = getattr(self, "_kept", made[0, 0])  # type: ignore[attr-defined]
        made = made.copy()
        made[0, 0] = self._kept  # type: ignore[attr-defined]
        return made

    monkeypatch.setattr(Repair, "fill", forgetful)
    with pytest.raises(AssertionError):
        healing_gate(["one joint"])
