"""``kinestream run --events``: a line for each event, and the same in files."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import kinestream as ks
from kinestream.clips import Clip

Run = Callable[..., Any]
ClipOf = Callable[..., Clip]
RULES = {"onset": 0.34, "release": 0.2, "min_duration_ms": 80, "merge_gap_ms": 120}


@pytest.fixture
def eager(own_bundle: Path) -> Path:
    """The bundle with rules that let it say a lot."""
    path = own_bundle / "bundle.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"events": RULES}))
    return own_bundle


def printed(out: str) -> list[str]:
    return [line for line in out.splitlines() if " started " in line or " ended " in line]


def test_people_of_a_folder(run: Run, eager: Path, clip_of: ClipOf, tmp_path: Path) -> None:
    for seed in (3, 4):
        clip_of(90, seed, people=2).save(tmp_path / "in" / f"s{seed}.npz")
    out = tmp_path / "out"
    done = run("run", tmp_path / "in", "--bundle", eager, "--events", "--save", out)
    assert (done.code, done.err) == (0, "")
    said = {seed: list(ks.events(tmp_path / "in" / f"s{seed}.npz", eager)) for seed in (3, 4)}
    lines = printed(done.out)
    assert len(lines) == len(said[3]) + len(said[4]) > 4
    for line, event in zip(lines, said[3] + said[4], strict=True):
        head = f"{event.known_s:8.2f} s  person {event.person}  {event.kind:7} {event.name} at "
        assert line.startswith(head)
    assert done.out.index("s3.npz, events") < done.out.index("s4.npz, events")
    for seed, person in ((3, 0), (3, 1), (4, 0), (4, 1)):
        place = out / f"s{seed}" / f"person{person}"
        own = [event for event in said[seed] if event.person == person]
        with open(place / "events.csv", newline="") as file:
            rows = list(csv.DictReader(file))
        assert [(row["kind"], row["label"]) for row in rows] == [(e.kind, e.name) for e in own]
        assert {row["person"] for row in rows} <= {str(person)}
        written = json.loads((place / "events.json").read_text())
        assert written["events"] == [event.to_dict() for event in own]
        assert written["rules"] == RULES | {"unknown": 0}
        assert f"wrote {place / 'events.csv'}" in done.out


def test_without_the_option_nothing_is_said(
    run: Run, eager: Path, clip_of: ClipOf, tmp_path: Path
) -> None:
    clip_of(90, 3).save(tmp_path / "a.npz")
    done = run("run", tmp_path / "a.npz", "--bundle", eager, "--save", tmp_path / "out")
    assert done.code == 0
    assert not printed(done.out) and ", events" not in done.out
    assert not list((tmp_path / "out").glob("events*"))


def test_a_recording_that_does_not_fit_is_refused_before_a_line(
    run: Run, clip_of: ClipOf, tmp_path: Path
) -> None:
    clip_of(30, 3).save(tmp_path / "a.npz")
    done = run("run", tmp_path / "a.npz", "--bundle", "utkinect", "--events")
    assert done.code == 2
    assert "joints" in done.err and "events" not in done.out
