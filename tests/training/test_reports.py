"""Reports of runs: their figures against hand-made answers, the run itself and the bundle."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kinestream.bundle import Bundle
from kinestream.clips import Clip
from kinestream.datasets import Entry, FolderDataset, write_dataset, write_store
from kinestream.errors import CheckpointError, ConfigError, DataError, SkeletonError
from kinestream.metrics import evaluate
from kinestream.recognition import recognise_people
from kinestream.skeletons import Skeleton

pytest.importorskip("torch")

import torch

from kinestream.models import classify
from kinestream.training.building import network_of, pipeline_of
from kinestream.training.checkpoints import load_weights, save_checkpoint
from kinestream.training.config import DataConfig, TrainConfig
from kinestream.training.data import TrialMaker, fit_setup
from kinestream.training.reports.answers import Answer, RunAnswers, answer_split
from kinestream.training.reports.epochs import curve_rows, epochs_of
from kinestream.training.reports.figures import Figures, label_of
from kinestream.training.reports.held_out import open_held_out, with_classes
from kinestream.training.reports.report import make_report, protocol_of
from kinestream.training.reports.tables import write_table, write_tables
from kinestream.training.reports.weights import load_chosen
from kinestream.training.run_folder import RunFolder

# 12 s at 10 frames a second: rest, raise, rest, turn, rest; half a second late, with one flicker.
TRUTH = np.repeat([0, 1, 0, 2, 0], [20, 30, 10, 40, 20])
SEEN = np.repeat([0, 1, 0, 2, 1, 2, 0], [25, 30, 10, 20, 3, 17, 15])
BLANK = np.full(6, -1)


def answered(run_path: Path, split: str = "test", **changes: Any) -> RunAnswers:
    run = RunFolder(run_path)
    return replace(answer_split(run, open_held_out(run.config().data, split)), **changes)


def hand_made(seen: np.ndarray, truth: np.ndarray, sure: float = 0.8) -> Answer:
    scores = np.full((len(seen), 3), (1 - sure) / 2, np.float32)
    scores[np.arange(len(seen)), seen] = sure
    return Answer("a", "s", truth, seen, scores, scores.mean(0))


@pytest.fixture(scope="module")
def made(run_path: Path) -> Figures:
    """The figures of hand-made answers: one recording above, its mirror image, one unlabelled."""
    base = answered(run_path)
    setup = base.setup.model_copy(update={"fps": 10.0})
    first, second = hand_made(SEEN, TRUTH), hand_made(SEEN[::-1], TRUTH[::-1])
    third = hand_made(-BLANK, BLANK)
    return Figures(replace(base, setup=setup, delay_frames=2, answers=[first, second, third]))


def test_segments_are_those_of_evaluate(made: Figures) -> None:
    seen, truths = [SEEN, SEEN[::-1], -BLANK], [TRUTH, TRUTH[::-1], BLANK]
    for mine, protocol in ((made.pooled, "ms-tcn"), (made.per_trial, "per-trial")):
        theirs = evaluate(seen, truths, 3, protocol=protocol, background=(0,))  # type: ignore[arg-type]
        assert mine == theirs
    # By hand: 97 of 120 frames; rows 1 2 1 2 for 1 2; raise and one half of turn are found.
    assert made.pooled.frame_accuracy == pytest.approx(100 * 97 / 120)
    assert made.pooled.edit == pytest.approx(50)
    assert made.pooled.f1 == pytest.approx({10: 200 / 3, 25: 200 / 3, 50: 200 / 3})
    assert made.trials[0] == evaluate([SEEN], [TRUTH], 3, background=(0,))
    assert made.trials[2] is None


def test_classes_are_counted_frame_by_frame(made: Figures) -> None:
    pairs = [*zip(SEEN, TRUTH, strict=True)] * 2
    assert int(made.confusion.sum()) == len(pairs)
    for k, row in enumerate(made.classes):
        hit = sum(seen == k == true for seen, true in pairs)
        called = sum(seen == k for seen, _ in pairs)
        there = sum(true == k for _, true in pairs)
        assert row.support == there
        assert row.precision == pytest.approx(100 * hit / called)
        assert row.recall == pytest.approx(100 * hit / there)
        assert row.f1 == pytest.approx(
            2 * row.precision * row.recall / (row.precision + row.recall)
        )


def test_a_class_that_is_nowhere_has_no_figures(run_path: Path) -> None:
    labels = np.repeat([0, 1], 5)
    figures = Figures(answered(run_path, answers=[hand_made(labels, labels)]))
    row = figures.classes[2]
    assert row.support == 0
    assert np.isnan([row.precision, row.recall, row.f1]).all()
    assert figures.macro_f1 == 100


def test_online_counts_the_look_ahead(made: Figures) -> None:
    # Forwards each action is found half a second late, backwards at once; both wait 0.2 s.
    delays = [5, 5, 0, 0]
    assert made.online.overall.median_delay_s == pytest.approx(np.median(delays) / 10 + 0.2)
    assert made.online.overall.segments == 4
    assert made.online.overall.false_alarms == 2  # the flicker, in both
    assert made.online.hours == pytest.approx(24 / 3600)


def test_detection_is_strict_and_leaves_out_what_is_not_labelled(made: Figures) -> None:
    assert made.detection
    assert made.detection.mode == "strict"
    assert (made.detection.truths, made.detection.proposals) == (4, 8)
    # Of 8 proposals two find raise at any theta below 25 / 35, two turn below 20 / 40.
    assert made.detection.f1[0.3] == pytest.approx(100 * 2 * 4 / (8 + 4))
    rest = Figures(replace(made.tested, answers=[hand_made(SEEN, TRUTH * 0)] * 2))
    assert rest.detection is None


def test_calibration_speaks_of_labelled_frames(made: Figures) -> None:
    # All frames are 80 % sure and 97 of 120 right.
    assert made.calibration.ece == pytest.approx(100 * (97 / 120 - 0.8), abs=1e-4)
    assert made.calibration.frames == 240
    right, wrong = 0.2**2 + 2 * 0.1**2, 0.9**2 + 0.8**2 + 0.1**2
    assert made.calibration.brier == pytest.approx(50 * (97 * right + 23 * wrong) / 120, abs=1e-4)


def test_nothing_labelled_is_refused(run_path: Path) -> None:
    with pytest.raises(DataError, match="none of the frames"):
        Figures(answered(run_path, answers=[hand_made(BLANK * 0, BLANK)]))


@pytest.mark.parametrize("split", ["test", "valid"])
def test_a_report_says_what_training_said(run_path: Path, split: str) -> None:
    figures = Figures(answered(run_path, split))
    last = RunFolder(run_path).metrics()[-1]
    assert figures.tested.epoch == last["epoch"] == 4
    assert figures.pooled.frame_accuracy == last[f"{split}/frame_accuracy"]
    assert figures.pooled.edit == last[f"{split}/edit"]
    for overlap, value in figures.pooled.f1.items():
        assert value == last[f"{split}/f1@{overlap}"]


def test_the_streamed_bundle_agrees(run_path: Path, data_path: Path, bundle: Bundle) -> None:
    tested = answered(run_path)
    assert tested.delay_frames == bundle.delay_frames
    dataset = FolderDataset(data_path, "test")
    for answer, clip in zip(tested.answers, dataset, strict=True):
        (timeline,) = recognise_people(clip, bundle)
        assert (timeline.labels == answer.labels).all()
        np.testing.assert_allclose(timeline.scores, answer.scores, atol=1e-5)
        assert np.array_equal(timeline.truth, answer.truth)  # type: ignore[arg-type]


def test_parts_of_the_training_split(run_path: Path, data_path: Path) -> None:
    def subjects(split: str, **changes: Any) -> list[str]:
        config = RunFolder(run_path).config().data.model_copy(update=changes)
        return sorted(open_held_out(config, split).recordings.subjects)

    assert subjects("train") == ["s01", "s02", "s03", "s04", "s05"]
    assert subjects("valid") == ["s06"]
    assert subjects("test") == ["s07", "s08"]
    assert subjects("train", train_on_valid=True) == ["s01", "s02", "s03", "s04", "s05", "s06"]
    with pytest.raises(ConfigError, match="held no subjects out"):
        subjects("valid", valid_subjects=[])


def test_people_who_were_trained_on_are_named(run_path: Path, tmp_path: Path) -> None:
    run = RunFolder(run_path)
    config = run.config().data
    train, test = (FolderDataset(config.path, split) for split in ("train", "test"))
    entries = (Entry("all", name, clip) for d in (train, test) for name, clip in zip(d.names, d))  # noqa: B905
    write_store(tmp_path / "store", entries, name="swaying", units="m")
    path = tmp_path / "store"
    for protocol, known in (("loso:s03", ["s03"]), ("loso:s07", [])):
        held_out = open_held_out(config, path=path, protocol=protocol)
        report = make_report(Figures(answer_split(run, held_out)), held_out)
        assert report["data"]["subjects_also_trained_on"] == known
        assert report["data"]["protocol"] == protocol


def test_classes_in_another_order_are_mapped_by_name(clip_of: Callable[..., Clip]) -> None:
    clip = clip_of()
    assert clip.labels is not None
    turned = with_classes(clip, ["turn", "rest", "raise"])
    names = {-1: None, 0: "rest", 1: "raise", 2: "turn"}
    back = {-1: None, 0: "turn", 1: "rest", 2: "raise"}
    assert turned.labels is not None
    assert [names[k] for k in clip.labels.tolist()] == [back[k] for k in turned.labels.tolist()]
    with pytest.raises(DataError, match="no labels"):
        with_classes(replace(clip, labels=None), ["rest"])


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"classes": ("rest", "raise", "fly")}, DataError, "class 'fly' that the run does not"),
        ({"fps": 30.0}, DataError, "30 frames per second"),
        ({"channels": ("x", "z", "y")}, DataError, "channels x, z, y"),
        (
            {"skeleton": Skeleton("other", ("a", "b", "c", "d", "e"), ((1, 0),))},
            SkeletonError,
            "skeleton 'other'",
        ),
        ({"data": np.full((3, 40, 5, 1), np.nan, np.float32)}, DataError, "hold"),
    ],
)
def test_data_that_does_not_fit_is_refused(
    changes: dict[str, Any],
    error: type[Exception],
    message: str,
    run_path: Path,
    clip_of: Callable[..., Clip],
    tmp_path: Path,
) -> None:
    entry = Entry("test", "a", replace(clip_of(), **changes))
    write_dataset(tmp_path / "set", [entry], name="other", units="m", licence="CC0")
    run = RunFolder(run_path)
    with pytest.raises(error, match=message):
        answer_split(run, open_held_out(run.config().data, path=tmp_path / "set"))


def test_weights_are_the_last_or_chosen_on_validation(run_path: Path, tmp_path: Path) -> None:
    run = RunFolder(run_path)
    assert load_chosen(run).epoch == 4
    for choice in ("best_test", "best", "../last"):
        with pytest.raises(ConfigError, match="would prove nothing"):
            load_chosen(run, choice)
    with pytest.raises(CheckpointError, match="did not keep"):
        load_chosen(run, "best_valid")
    own = RunFolder(tmp_path / "own")
    network = torch.nn.Linear(1, 1)
    optimizer = torch.optim.AdamW(network.parameters())
    save_checkpoint(own.checkpoints / "best_valid", 2, network, optimizer, None)
    assert load_chosen(own, "best_valid").epoch == 2
    with pytest.raises(CheckpointError, match="not done an epoch"):
        load_chosen(own)


def test_clip_networks_answer_whole_recordings(
    settings: dict[str, Any], clip_of: Callable[..., Clip], tmp_path: Path
) -> None:
    clips = [replace(clip_of(20 + k, k), labels=np.full(20 + k, k % 3)) for k in range(6)]
    entries = [Entry("test", f"c{k}", clip) for k, clip in enumerate(clips)]
    write_dataset(tmp_path / "set", entries, name="trimmed", units="m", licence="CC0")
    arguments = {"channels": [4], "head": "clip", "averaging": {"over": "clip"}}
    config = TrainConfig.model_validate(
        settings
        | {"data": {"path": str(tmp_path / "set")}}
        | {"clips": {"frames": 24}}
        | {"network": {"name": "stgcn", "arguments": arguments}}
    )
    run, setup = RunFolder(tmp_path / "run"), fit_setup(clips, config.features)
    network = network_of(config, setup).eval()
    assert not network.streams
    run.create(config, setup)
    optimizer = torch.optim.AdamW(network.parameters())
    save_checkpoint(run.checkpoints, 1, network, optimizer, None)
    held_out = open_held_out(config.data)
    figures = Figures(answer_split(run, held_out))
    load_weights(network, load_chosen(run).weights)
    with torch.no_grad():
        maker = TrialMaker(pipeline_of(setup), clips=config.clips)
        inputs = [maker(clip).x[None] for clip in clips]
        best = [int(classify(network, x)[0].argmax()) for x in inputs]
    assert figures.whole
    assert figures.whole.top1 == pytest.approx(
        100 * np.mean([b == k % 3 for k, b in enumerate(best)])
    )
    assert figures.whole.top5 == 100
    report = make_report(figures, held_out)
    assert {"segments", "online", "detection"}.isdisjoint(report)
    assert report["recordings"]["recordings"] == report["calibration"]["frames"] == 6


def test_recordings_of_one_label_are_asked_what_they_show(run_path: Path) -> None:
    one, two = (np.full(8, k) for k in (1, 2))
    answers = [hand_made(one, one), hand_made(one, two), hand_made(BLANK * 0, BLANK)]
    whole = Figures(answered(run_path, answers=answers)).whole
    assert whole
    assert (whole.top1, whole.top5, whole.recordings) == (50, 100, 2)
    partly = np.array([-1, 2, 2, -1, -1, -1, -1, -1])  # when it happens is the question
    assert Figures(answered(run_path, answers=[hand_made(one, partly)])).whole is None


def test_the_label_of_a_recording_is_that_of_most_frames() -> None:
    assert label_of(np.array([-1, -1, -1, 2, 1, 1])) == 1
    assert label_of(np.array([2, 1])) == 1
    assert label_of(BLANK) == -1


def test_a_report_is_plain_json_and_leaves_nothing_out(made: Figures, run_path: Path) -> None:
    report = make_report(made, open_held_out(DataConfig(path=made.tested.config.data.path)), [made])
    assert json.loads(json.dumps(report, allow_nan=False)) == report
    assert report["frame_accuracy"] == pytest.approx(100 * 97 / 120)
    assert report["segments"]["ms-tcn"]["f1"]["50"] == pytest.approx(200 / 3)
    assert set(report["segments"]) == {"ms-tcn", "per-trial"}
    assert report["online"]["classes"]["turn"]["segments"] == 2
    assert report["classes"][1]["support"] == 60
    assert report["checkpoint"] == {"weights": "last", "averaged": True, "epoch": 4, "epochs": 4}
    assert "epoch 4" in report["protocol"]["selection"]
    assert report["against"][0]["f1@50"] == pytest.approx(200 / 3)
    trained = RunFolder(run_path).metrics()[-1]["train/frame_accuracy"]
    assert report["gap"]["gap"] == pytest.approx(trained - 100 * 97 / 120)


def test_tables(made: Figures, tmp_path: Path) -> None:
    write_tables(made, tmp_path)
    rows = (tmp_path / "per_class.csv").read_text().splitlines()
    assert rows[0] == (
        "class,support,precision,recall,f1,segments,missed,median_delay_s,false_alarms"
    )
    assert rows[2].split(",")[:2] == ["raise", "60"]
    assert rows[2].split(",")[5:] == ["2", "0", "0.4500", "2"]
    trials = (tmp_path / "per_trial.csv").read_text().splitlines()
    assert trials[1] == "0,a,s,120,80.8333,50.0000,66.6667,66.6667,66.6667"
    assert trials[3] == "2,a,s,0,,,,,"
    confusion = (tmp_path / "confusion.csv").read_text().splitlines()
    assert confusion[0].endswith(",rest,raise,turn")
    counted = [list(map(int, row.split(",")[1:])) for row in confusion[1:]]
    assert counted == made.confusion.tolist()


def test_no_cell_is_a_formula(tmp_path: Path) -> None:
    write_table(tmp_path / "t.csv", ["name"], [["=1+1"], ["@x"], [-1.0], ["a,b"]])
    assert (tmp_path / "t.csv").read_text() == "name\n'=1+1\n'@x\n-1.0000\n\"a,b\"\n"


def test_curves_show_how_far_training_is_ahead(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    assert curve_rows(run) == []
    run.add_metrics({"epoch": 1, "train/frame_accuracy": 80.0, "seconds": 3.0, "note": "x"})
    run.add_metrics(
        {"epoch": 2, "train/frame_accuracy": 90.0, "test/frame_accuracy": 70.0, "a": None}
    )
    first, second = curve_rows(run)
    assert first == {"epoch": 1, "train/frame_accuracy": 80}
    assert second["train - test/accuracy gap (points)"] == 20
    assert "a" not in second


@pytest.mark.parametrize("line", ["3", "[]", "null", '{"a":'])
def test_a_damaged_line_of_an_epoch_is_refused(line: str, tmp_path: Path) -> None:
    (tmp_path / "metrics.jsonl").write_text(f"{line}\n")
    with pytest.raises(CheckpointError, match="JSON object a line"):
        epochs_of(RunFolder(tmp_path))
    figures = '{"epoch": 1, "a": NaN, "b": 1e999, "c": true, "d": ' + "9" * 400 + "}\n"
    (tmp_path / "metrics.jsonl").write_text(figures)
    assert epochs_of(RunFolder(tmp_path)) == [{"epoch": 1}]


@pytest.mark.parametrize(
    ("split", "weights", "said"),
    [
        ("test", "last", "weights of the last epoch, epoch 4; these recordings chose none"),
        (
            "test",
            "best_valid",
            "the epoch best on validation, epoch 4; these recordings chose none",
        ),
        ("valid", "best_valid", "these recordings chose them"),
        ("train", "last", "they were trained on these recordings"),
    ],
)
def test_a_report_says_what_the_weights_owe_to_the_recordings(
    made: Figures, split: str, weights: str, said: str
) -> None:
    figures = Figures(replace(made.tested, weights=weights))
    assert said in protocol_of(figures, split)["selection"]
