"""Events in reports, against counts by hand; the score for the unknown, from validation to bundle."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")

from kinestream.errors import CheckpointError, ConfigError
from kinestream.metrics import labels_of_events
from kinestream.streaming.events import Event, EventRules, Events
from kinestream.training.config import EventsConfig, TrainConfig
from kinestream.training.reports import event_figures as event_figures_module
from kinestream.training.reports.answers import Answer, answer_split
from kinestream.training.reports.event_figures import EventFigures, event_figures
from kinestream.training.reports.fusion import fused
from kinestream.training.reports.held_out import open_held_out
from kinestream.training.reports.rejection import Rejection, read_rejection, write_rejection
from kinestream.training.reports.testing import measure_run
from kinestream.training.run_folder import RunFolder

delays_of = event_figures_module._delays
CLASSES = ("rest", "raise", "turn")
QUICK = EventRules(min_duration_ms=200, merge_gap_ms=300)


def answer_of(seen: str, truth: str, sure: float = 0.8) -> Answer:
    """A frame for each letter: ``.`` rest, ``r`` raise, ``t`` turn, ``?`` not labelled."""
    labels, wanted = (np.array([".rt".find(c) for c in text]) for text in (seen, truth))
    scores = np.full((len(seen), 3), (1 - sure) / 2, np.float32)
    scores[np.arange(len(seen)), labels] = sure
    return Answer("a", "s", wanted, labels, scores, scores.mean(0))


def figures_of(
    *pairs: tuple[str, str], rules: EventRules = QUICK, delay_frames: int = 0
) -> EventFigures:
    answers = [answer_of(*pair) for pair in pairs]
    return event_figures(answers, rules, CLASSES, (0,), fps=10, delay_frames=delay_frames)


def naive(pairs: Sequence[tuple[str, str]], rules: EventRules, delay_s: float) -> tuple[Any, ...]:
    """Missed, delays and false alarms: every event against every frame of every true segment."""
    missed, alarms, delays = 0, 0, []
    for pair in pairs:
        answer = answer_of(*pair)
        events = Events(rules, CLASSES, (0,), delay_s=delay_s)
        said = [e for t, row in enumerate(answer.scores) for e in events.push(row, t / 10)]
        said += events.finish()
        spans = [
            (a.label, a.start_s, b.end_s or 0.0, a.known_s)
            for a, b in zip(said[::2], said[1::2], strict=True)
        ]
        truth, used, t = answer.truth, set(), 0
        while t < len(truth):
            stop = t
            while stop < len(truth) and truth[stop] == truth[t]:
                stop += 1
            if truth[t] > 0:
                met = [
                    n
                    for n, (label, start, end, _) in enumerate(spans)
                    if label == truth[t]
                    and any(round(10 * start) <= f < round(10 * end) for f in range(t, stop))
                ]
                used |= set(met)
                missed += not met
                delays += [max(0, spans[met[0]][3] - t / 10)] if met else []
            t = stop
        alarms += len(spans) - len(used)
    return missed, sorted(delays), alarms


def test_by_hand() -> None:
    found = figures_of(
        # raise is found 0.1 s late and said 0.2 s later; turn is too short to be said
        ("....rrrrr....tt.....", "...rrrrrr....tt....."),
        # a false alarm of turn; raise was there before it began
        ("tttt....rrrrrrrr....", "..........rrrrrr...."),
    )
    assert (found.events, found.segments, found.missed, found.false_alarms) == (3, 3, 1, 1)
    assert found.median_delay_s == pytest.approx((0.3 + 0.0) / 2)
    assert found.p90_delay_s == pytest.approx(0.27)
    assert found.false_alarms_per_hour == pytest.approx(1 / (40 / 10 / 3600))


def test_the_look_ahead_is_part_of_the_delay() -> None:
    pair = ("....rrrrr....", "...rrrrrr....")
    assert figures_of(pair, delay_frames=5).median_delay_s == pytest.approx(0.8)


def test_what_is_said_late_is_late_and_not_false() -> None:
    """Half a second of raising, of which one hears a second after it was over."""
    found = figures_of(("..rrrrr.....", "..rrrrr....."), delay_frames=15)
    assert (found.missed, found.false_alarms) == (0, 0)
    assert found.median_delay_s == pytest.approx(1.7)


def test_frames_that_are_not_labelled_count_nowhere() -> None:
    found = figures_of(("rrrr....tttt....", "????........tttt"), ("....", "...."))
    assert (found.segments, found.missed, found.false_alarms) == (1, 1, 1)
    assert np.isnan(found.median_delay_s)
    assert found.to_dict()["median_delay_s"] is None
    assert json.loads(json.dumps(found.to_dict(), allow_nan=False))["rules"]["onset"] == 0.5


def disagreements() -> int:
    """Random recordings that are counted otherwise than one would."""
    rng, found = np.random.default_rng(0), 0
    for _ in range(60):
        rows = [
            ["".join(rng.choice([*".rt"], 8).repeat(rng.integers(1, 6, 8))) for _ in range(2)]
            for _ in range(3)
        ]
        pairs = [(a[: len(b)].ljust(len(b), "."), b) for a, b in rows]
        rules = EventRules(
            min_duration_ms=float(rng.choice([0, 100, 300])),
            merge_gap_ms=float(rng.choice([0, 200, 500])),
        )
        mine = figures_of(*pairs, rules=rules, delay_frames=2)
        missed, delays, alarms = naive(pairs, rules, 0.2)
        quantiles = np.percentile(delays, (50, 90)) if delays else (np.nan, np.nan)
        same = (mine.missed, mine.false_alarms) == (missed, alarms) and np.allclose(
            (mine.median_delay_s, mine.p90_delay_s), quantiles, equal_nan=True
        )
        found += not same
    return found


def test_random_recordings_are_counted_as_one_would() -> None:
    assert disagreements() == 0


def counts_what_is_shown(said: Sequence[Event], frames: int, fps: float) -> np.ndarray:
    """An event counts from when it was said: late ones are then missed, and false."""
    changes = [
        (round(e.known_s * fps), e.label if e.kind == "started" else -1)
        for e in said
        if round(e.known_s * fps) < frames
    ]
    return labels_of_events(changes, frames)


def forgets_the_wait(said: Sequence[Event], *rest: Any) -> list[float]:
    return delays_of([replace(event, known_s=event.start_s) for event in said], *rest)


@pytest.mark.parametrize(
    ("part", "twin"), [("_frames_of", counts_what_is_shown), ("_delays", forgets_the_wait)]
)
def test_a_broken_twin_is_seen(part: str, twin: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_figures_module, part, twin)
    assert disagreements() > 10


def test_patience_trades_delay_for_false_alarms() -> None:
    flickers = ("rr..t..rrrrrrrr.t..", ".......rrrrrrrr....")
    hasty, patient = (
        figures_of(flickers, rules=EventRules(min_duration_ms=span_ms)) for span_ms in (0, 400)
    )
    assert hasty.median_delay_s == 0 < patient.median_delay_s
    assert hasty.false_alarms == 3 > patient.false_alarms == 0


@pytest.fixture
def own_run(run_path: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> RunFolder:
    """A copy of the run that a test may write into."""
    caplog.set_level(logging.ERROR)
    return RunFolder(Path(shutil.copytree(run_path, tmp_path / "own")))


def change(run: RunFolder, **sections: Any) -> None:
    values = run.config().model_dump(mode="json")
    for name, section in sections.items():
        values[name] |= section
    run.write_config(TrainConfig.model_validate(values))


def test_validation_sets_the_score_for_the_unknown(own_run: RunFolder) -> None:
    change(own_run, events={"keep": 0.8})
    before = measure_run(own_run).figures.events.rules
    assert before.unknown == 0
    tested = measure_run(own_run, "valid")
    found = tested.rejection
    assert found is not None
    assert read_rejection(own_run, 4) == found
    right = [
        float(row.max())
        for answer in tested.figures.tested.answers
        for row, k in zip(answer.scores, answer.truth, strict=True)
        if k > 0 and row.argmax() == k
    ]
    assert found.frames == len(right) > 0
    assert sum(score >= found.unknown for score in right) >= 0.8 * len(right)
    assert sum(score > found.unknown for score in right) < 0.8 * len(right)
    assert tested.figures.events.rules.unknown == found.unknown
    later = measure_run(own_run)
    assert later.rejection is None
    report = json.loads((later.folder / "report.json").read_text())
    assert report["events"]["rules"]["unknown"] == found.unknown
    assert report["events"]["segments"] == report["online"]["overall"]["segments"]
    assert "until an event is said" in report["protocol"]["events"]


def test_the_bundle_takes_what_was_measured(own_run: RunFolder, tmp_path: Path) -> None:
    pytest.importorskip("onnxscript")
    from kinestream.export import export_run

    change(own_run, events={"min_duration_ms": 120})
    write_rejection(own_run, Rejection(unknown=0.4, keep=1, frames=9, wrong_rejected=None, epoch=4))
    rules = export_run(own_run, tmp_path / "bundle").manifest.events.rules()
    assert rules == EventRules(min_duration_ms=120, unknown=0.4)


def test_what_was_measured_of_other_weights_counts_not(own_run: RunFolder) -> None:
    found = Rejection(unknown=0.4, keep=0.95, frames=9, wrong_rejected=10, epoch=3)
    write_rejection(own_run, found)
    assert read_rejection(own_run, 3) == found
    assert read_rejection(own_run, 4) is None
    assert measure_run(own_run).figures.events.rules.unknown == 0


def test_what_was_learned_from_sets_nothing(own_run: RunFolder, tmp_path: Path) -> None:
    assert measure_run(own_run, "test").rejection is None
    assert measure_run(own_run, "valid", data=own_run.config().data.path).rejection is None
    change(own_run, data={"train_on_valid": True})
    assert measure_run(own_run, "valid", out=tmp_path / "out").rejection is None
    assert not (own_run.path / "rejection.json").exists()


def test_fused_runs_have_no_score_of_their_own(own_run: RunFolder) -> None:
    held_out = open_held_out(own_run.config().data, "valid")
    one = replace(answer_split(own_run, held_out), unknown=0.4)
    assert fused([one, one]).unknown is None
    assert measure_run(own_run, "valid", fuse=[own_run]).rejection is None


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"unknown": 2}', "null", '{"unknown": NaN, "keep": 1}', "9" * 70_000]
)
def test_a_damaged_file_is_refused(own_run: RunFolder, text: str) -> None:
    (own_run.path / "rejection.json").write_text(text)
    with pytest.raises(CheckpointError, match=r"rejection\.json .*--split valid"):
        read_rejection(own_run, 4)


def test_settings_of_events_may_change_on_resuming(own_run: RunFolder) -> None:
    config = own_run.config()
    own_run.check_same(config.model_copy(update={"events": EventsConfig(onset=0.9)}))
    with pytest.raises(ConfigError, match="other settings"):
        own_run.check_same(config.model_copy(update={"features": []}))


@pytest.mark.parametrize(
    "section", [{"onset": 0.2}, {"unknown": -1}, {"keep": 0}, {"merge_gap": 3}, {"onset": "high"}]
)
def test_settings_that_cannot_be(settings: dict[str, Any], section: dict[str, Any]) -> None:
    TrainConfig.model_validate(settings | {"events": {"onset": 0.4, "unknown": 0.1}})
    with pytest.raises(ValueError, match="events"):
        TrainConfig.model_validate(settings | {"events": section})


def test_idle_classes_are_left_out_of_the_figures(own_run: RunFolder) -> None:
    before = measure_run(own_run).figures
    change(own_run, events={"idle": ["turn"]})
    after = measure_run(own_run).figures
    turns = before.online.classes[2].segments
    assert turns and after.events.segments == before.events.segments - turns
    assert after.online.overall.segments == before.online.overall.segments
    change(own_run, events={"idle": ["fly"]})
    with pytest.raises(ConfigError, match="idle class 'fly' that the run does not know"):
        measure_run(own_run)


def test_nothing_set_and_nothing_measured_rejects_nothing() -> None:
    assert EventsConfig().rules() == EventRules()
    assert EventsConfig().rules(0.4).unknown == 0.4
    assert EventsConfig(unknown=0).rules(0.4).unknown == 0
