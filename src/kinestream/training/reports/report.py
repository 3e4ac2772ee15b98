"""The report of a test as plain JSON values."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from kinestream.files import write_atomically
from kinestream.training.reports.epochs import ACCURACIES, epochs_of
from kinestream.training.reports.figures import Figures, or_none
from kinestream.training.reports.held_out import HeldOut
from kinestream.training.reports.weights import LAST

VERSION = 1
PART = "all labelled frames of the split; unlabelled ones count nowhere"
SEGMENTS = {
    "ms-tcn": "F1 counts pooled over recordings, IoU at least the threshold; edit is the mean over "
    "recordings",
    "per-trial": "F1 of each recording, then the mean, IoU above the threshold",
    "detection": "strict: one proposal for each true segment, confidence is its mean score",
    "online": "delays include the look-ahead of the network",
    "events": "delays run until an event is said, look-ahead and shortest duration included; an event "
    "that meets a true segment of its class in one frame is no false alarm",
}
RECORDINGS = {"recordings": "one answer for each recording, from all its frames; its label is that "
              "of most of its frames"}  # fmt: skip


def make_report(
    figures: Figures, held_out: HeldOut, against: Sequence[Figures] = ()
) -> dict[str, Any]:
    """Everything that a test found; a figure that does not exist is ``None``.

    Args:
        figures: Of the run.
        held_out: The recordings it was tested on.
        against: Of other runs, on the same recordings.
    """
    tested = figures.tested
    answers, names = tested.answers, tested.setup.classes
    report: dict[str, Any] = {
        "kinestream_report": VERSION,
        **run_of(figures),
        "data": {
            "set": held_out.path.resolve().name,
            "split": held_out.split,
            "protocol": held_out.protocol,
            "recordings": len(answers),
            "frames": sum(len(answer.truth) for answer in answers),
            "labelled_frames": figures.pooled.frames,
            "fps": tested.setup.fps,
            "subjects": sorted({answer.subject for answer in answers} - {""}),
            "subjects_also_trained_on": also_trained_on(figures),
        },
        "protocol": protocol_of(figures, held_out.split),
        "frame_accuracy": or_none(figures.pooled.frame_accuracy),
        "macro_f1": or_none(figures.macro_f1),
        "gap": gap_of(figures),
        "classes": [
            {key: or_none(value) if isinstance(value, float) else value for key, value in row}
            for row in (asdict(each).items() for each in figures.classes)
        ],
        "confusion": {"classes": names, "frames": figures.confusion.tolist()},
        **(_of_recordings(figures) if figures.of_recordings else _of_segments(figures)),
        "calibration": figures.calibration.to_dict(),
        "against": [run_of(other) | short(other) for other in against],
    }
    return report


def write_report(report: dict[str, Any], path: Path) -> Path:
    """Write a report as JSON."""
    text = json.dumps(report, indent=1, ensure_ascii=False, allow_nan=False)
    return write_atomically(path, f"{text}\n".encode(errors="replace"))


def run_of(figures: Figures) -> dict[str, Any]:
    """Which network, and which of its weights."""
    tested = figures.tested
    config = tested.config
    return {
        "run": tested.name,
        "fused_runs": len(tested.fused_with) + 1,
        "network": {
            "name": config.network.name,
            "parameters": tested.parameters,
            "delay_frames": tested.delay_frames,
            "delay_s": tested.delay_frames / tested.setup.fps,
            "streams": tested.streams,
        },
        "checkpoint": {
            "weights": tested.weights,
            "averaged": tested.averaged,
            "epoch": tested.epoch,
            "epochs": config.training.epochs,
        },
    }


def short(figures: Figures) -> dict[str, float | None]:
    """The figures that runs are compared by."""
    row = {"frame_accuracy": or_none(figures.pooled.frame_accuracy)}
    if figures.whole:
        return row | {"top1": or_none(figures.whole.top1), "top5": or_none(figures.whole.top5)}
    row["edit"] = or_none(figures.pooled.edit)
    return row | {f"f1@{overlap}": or_none(value) for overlap, value in figures.pooled.f1.items()}


def protocol_of(figures: Figures, split: str) -> dict[str, Any]:
    """How the figures of a split were counted, and what the weights were chosen by."""
    tested = figures.tested
    return {
        "selection": _selection(tested.weights, tested.epoch, split),
        "frames": PART,
        **(RECORDINGS if figures.of_recordings else SEGMENTS),
        "background": list(tested.config.background),
        "margin": tested.config.decode.margin,
    }


def _selection(weights: str, epoch: int, split: str) -> str:
    chosen = "the last epoch" if weights == LAST else "the epoch best on validation"
    if split == "train":
        part = "they were trained on these recordings"
    elif split == "valid" and weights != LAST:
        part = "these recordings chose them"
    else:
        part = "these recordings chose none"
    return f"weights of {chosen}, epoch {epoch}; {part}"


def also_trained_on(figures: Figures) -> list[str]:
    """Subjects of the tested recordings that the run has learned from."""
    tested = figures.tested
    known = {answer.subject for answer in tested.answers} & set(tested.setup.subjects)
    return sorted(known - {""})


def gap_of(figures: Figures) -> dict[str, float] | None:
    """Frame accuracy while training, in the epoch that is tested, against the one found now.

    Recordings are changed at random while training, and dropout is on, so the gap may be negative.
    """
    tested = figures.tested
    for row in epochs_of(tested.run):
        if row.get("epoch") != tested.epoch:
            continue
        for name in ACCURACIES:
            if (trained := row.get(f"train/{name}")) is not None:
                found = figures.pooled.frame_accuracy
                return {"while_training": trained, "tested": found, "gap": trained - found}
    return None


def _of_segments(figures: Figures) -> dict[str, Any]:
    segments = {
        report.protocol: {key: report.to_dict()[key] for key in ("edit", "f1")}
        for report in (figures.pooled, figures.per_trial)
    }
    online = figures.online.to_dict()
    names = figures.tested.setup.classes
    online["classes"] = {
        names[label]: row.to_dict() for label, row in figures.online.classes.items()
    }
    detection = figures.detection
    return {
        "segments": segments,
        "detection": detection.to_dict() if detection else None,
        "online": online,
        "events": figures.events.to_dict() | {"idle": [names[k] for k in figures.tested.idle]},
    }


def _of_recordings(figures: Figures) -> dict[str, Any]:
    whole = figures.whole
    assert whole
    return {
        "recordings": {
            "top1": or_none(whole.top1),
            "top5": or_none(whole.top5),
            "recordings": whole.recordings,
        }
    }
