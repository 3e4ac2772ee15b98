"""Events of recordings through a bundle: streamed, of timelines, of several people; whose rules."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import kinestream as ks
from kinestream.bundle import Bundle
from kinestream.clips import Clip
from kinestream.errors import BundleError
from kinestream.manifest import EventsEntry
from kinestream.recognition import recognise_people
from kinestream.streaming.events import EventRules

ClipOf = Callable[..., Clip]
EAGER = EventRules(onset=0.34, release=0.2, min_duration_ms=80, merge_gap_ms=120)


def with_rules(bundle: Bundle, rules: EventRules) -> Bundle:
    entry = EventsEntry.model_validate(rules.to_dict())
    return Bundle(bundle.path, bundle.manifest.model_copy(update={"events": entry}))


@pytest.mark.parametrize("fps", [25.0, 40.0])
def test_streamed_events_are_those_of_the_timelines(
    bundle: Bundle, clip_of: ClipOf, fps: float
) -> None:
    clip = clip_of(120, seed=3, people=2, fps=fps)
    said = list(ks.events(clip, bundle, EAGER))
    timelines = recognise_people(clip, bundle)
    assert said
    for person, timeline in enumerate(timelines):
        own = [event for event in said if event.person == person]
        wanted = timeline.events(EAGER)
        assert [(e.kind, e.label) for e in own] == [(e.kind, e.label) for e in wanted]
        for name in ("start_s", "known_s", "score", "peak"):
            found = [getattr(event, name) for event in own]
            np.testing.assert_allclose(found, [getattr(e, name) for e in wanted], atol=1e-6)
    known = [event.known_s for event in said]
    assert known == sorted(known)
    starts = [event for event in said if event.kind == "started"]
    waited = bundle.delay_frames / bundle.fps + EAGER.min_duration_ms / 1000
    assert min(event.known_s - event.start_s for event in starts) == pytest.approx(waited)


def test_answers_are_told_with_their_scores(bundle: Bundle, clip_of: ClipOf) -> None:
    told = []
    (timeline,) = recognise_people(
        clip_of(20), bundle, on_answer=lambda label, scores: told.append((label, scores))
    )
    np.testing.assert_array_equal(np.stack([scores for _, scores in told]), timeline.scores)
    assert [label.index for label, _ in told] == list(range(20))


def test_the_rules_are_those_of_the_bundle_unless_others_are_named(
    bundle: Bundle, clip_of: ClipOf
) -> None:
    clip = clip_of(100, seed=3)
    eager = with_rules(bundle, EAGER)
    assert list(ks.events(clip, eager)) == list(ks.events(clip, bundle, EAGER))
    deaf = replace(EAGER, unknown=1.0)
    assert list(ks.events(clip, with_rules(bundle, deaf))) == []
    assert list(ks.events(clip, eager, deaf)) == []


def test_idle_classes_make_no_events_and_push_others_out(bundle: Bundle, clip_of: ClipOf) -> None:
    clip = clip_of(200, seed=3)
    assert {event.name for event in ks.events(clip, bundle, EAGER)} == {"raise", "turn"}
    entry = EventsEntry.model_validate(EAGER.to_dict() | {"idle": ["turn"]})
    idle = Bundle(bundle.path, bundle.manifest.model_copy(update={"events": entry}))
    said = list(ks.events(clip, idle))
    assert {event.name for event in said} == {"raise"}
    (timeline,) = recognise_people(clip, bundle)
    wanted = replace(timeline, background=(0, 2)).events(EAGER)
    assert [(e.kind, e.label) for e in said] == [(e.kind, e.label) for e in wanted]


def test_recordings_follow_each_other(bundle: Bundle, clip_of: ClipOf, tmp_path: Path) -> None:
    for seed in (3, 4):
        clip_of(100, seed).save(tmp_path / f"s{seed}.npz")
    parts = [list(ks.events(tmp_path / f"s{seed}.npz", bundle, EAGER)) for seed in (3, 4)]
    assert list(ks.events(tmp_path, bundle, EAGER)) == parts[0] + parts[1]


def test_a_bundle_without_rules_has_the_usual_ones(own_bundle: Path) -> None:
    path = own_bundle / "bundle.json"
    values = json.loads(path.read_text())
    assert values.pop("events")
    path.write_text(json.dumps(values))
    assert ks.load(own_bundle).manifest.events.rules() == EventRules()
    assert ks.load("utkinect").manifest.events.rules() == EventRules()


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({"onset": 0.2}, "'events': release must not be above onset"),
        ({"unknown": 2}, "'events': unknown is a score"),
        ({"merge_gap_ms": 1e9}, "'events': merge_gap_ms must be"),
        ({"merge_gap": 3}, "unknown key 'events.merge_gap'; allowed here: idle, merge_gap_ms"),
        ({"onset": "high"}, "'events.onset'"),
        ({"idle": ["fly"]}, "idle class 'fly' is not among the classes"),
    ],
)
def test_rules_of_a_bundle_that_cannot_be(
    own_bundle: Path, section: dict[str, object], message: str
) -> None:
    path = own_bundle / "bundle.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"events": section}))
    with pytest.raises(BundleError, match=message):
        ks.load(own_bundle)


def test_a_timeline_has_events_of_its_own() -> None:
    scores = np.array([[0.9, 0.1]] * 3 + [[0.1, 0.9]] * 9, np.float32)
    timeline = ks.Timeline(("rest", "go"), 10, scores, np.arange(12) / 10, background=(0,))
    start, end = timeline.events()
    assert (start.name, start.start_s, start.known_s) == ("go", 0.3, 0.5)
    assert end.end_s == pytest.approx(1.2)
    empty = ks.Timeline(("rest",), 10, np.zeros((0, 1), np.float32), np.zeros(0))
    assert empty.events() == []
