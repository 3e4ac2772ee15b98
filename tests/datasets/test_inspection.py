"""Every defect that is planted in a data set is found, and nothing in one that is sound."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kinestream.clips import Clip
from kinestream.datasets import Entry, write_dataset
from kinestream.datasets.inspection import Survey, facts_of, findings_of, inspect
from kinestream.datasets.synthetic import generate
from kinestream.errors import DataError, MissingFileError
from kinestream.formats.format import Head


def person(seed: int = 0) -> Clip:
    return generate("kinect", seed=seed)


def changed(clip: Clip, frames: slice, joints: object, value: float) -> Clip:
    data = clip.data.copy()
    data[:, frames, joints] = value
    return replace(clip, data=data)


def survey_of(*parts: tuple[str, Clip]) -> Survey:
    facts = [facts_of(clip, split=split, name=f"r{k}") for k, (split, clip) in enumerate(parts)]
    return Survey("here", facts, classes=parts[0][1].classes)


def texts(survey: Survey, severity: str | None = None, units: str = "m") -> str:
    found = findings_of(survey, units)
    return "\n".join(each.text for each in found if severity in (None, each.severity))


def test_a_sound_data_set_has_no_findings() -> None:
    assert texts(survey_of(("train", person(1)), ("test", person(2)))) == ""


def test_counts_are_those_of_the_recordings() -> None:
    one, other = person(1), person(2)
    survey = survey_of(("train", one), ("test", other))
    assert survey.splits == ("train", "test")
    assert survey.totals()["frames"] == one.num_frames + other.num_frames
    assert survey.totals("test")["recordings"] == 1
    assert one.labels is not None
    for index, name in enumerate(one.classes):
        assert survey.class_frames("train")[name] == int((one.labels == index).sum())
    assert survey.totals("train")["segments"] == 1 + int((np.diff(one.labels) != 0).sum())


def test_missing_joints_and_people_are_told_apart() -> None:
    clip = changed(changed(person(), slice(10, 30), 3, np.nan), slice(50, 55), slice(None), np.nan)
    facts = facts_of(clip)
    assert facts.missing.tolist() == [20 if joint == 3 else 0 for joint in range(20)]
    assert facts.empty_frames == 5
    assert facts.seen == clip.num_frames - 5
    said = texts(survey_of(("", clip)))
    assert "20 joints are missing (NaN), most often head" in said
    assert "nobody is seen in 5 frames, first in r0" in said


def test_zeros_are_joints_that_were_not_found_but_a_centred_clip_is_not_blamed() -> None:
    assert facts_of(changed(person(), slice(0, 7), [3, 4], 0.0)).zeros == 14
    clip = person()
    centred = replace(clip, data=clip.data - clip.data[:, :, :1])
    assert facts_of(centred).zeros == 0
    assert "14 joints lie exactly at the origin" in texts(
        survey_of(("", changed(clip, slice(0, 7), [3, 4], 0.0)))
    )


def test_infinite_values_are_errors() -> None:
    clip = changed(person(), slice(4, 5), 0, np.inf)
    assert "3 values are infinite, first in r0" in texts(survey_of(("", clip)), "error")


def test_a_jump_names_joint_and_frame() -> None:
    clip = person()
    data = clip.data.copy()
    data[0, 40, 7] += 2.0
    facts = facts_of(replace(clip, data=data))
    assert facts.jumps == ((40, 7), (41, 7))
    assert "first left_hand at frame 40 of r0" in texts(survey_of(("", replace(clip, data=data))))


def test_the_body_has_a_size() -> None:
    clip = person()
    assert 1.2 < facts_of(clip).body_size < 2.0
    millimetres = replace(clip, data=clip.data * 1000)
    assert "do not have the size of people in m" in texts(survey_of(("", millimetres)))
    assert texts(survey_of(("", millimetres)), units="mm") == ""


def test_a_frozen_sensor_is_noticed_after_half_a_second() -> None:
    clip = person()  # 15 fps: 8 repeats are longer than half a second, 7 are not
    for repeats, counted in ((7, 0), (8, 8)):
        data = clip.data.copy()
        data[:, 21 : 21 + repeats] = data[:, 20:21]
        assert facts_of(replace(clip, data=data)).frozen_frames == counted


def test_the_same_recording_in_two_splits_is_an_error() -> None:
    clip = person(1)
    survey = survey_of(("train", clip), ("train", person(2)), ("test", replace(clip, subject="b")))
    assert "1 recording of 'test' is also in 'train' (r0 = r2)" in texts(survey, "error")


def test_frames_of_one_recording_in_two_splits_are_an_error() -> None:
    clip = person(1)
    assert clip.labels is not None
    cut = replace(clip, data=clip.data[:, 100:150], labels=clip.labels[100:150], subject="b")
    survey = survey_of(("train", clip), ("test", cut))
    assert "50 of 50 frames of 'test' are also in 'train'" in texts(survey, "error")


def test_frames_that_are_alike_by_chance_are_no_leak() -> None:
    one, other = person(1), person(2)
    data = other.data.copy()
    data[:, 20:27] = one.data[:, 60:67]  # seven in a row
    data[:, 100:300:2] = one.data[:, 100:300:2]
    alike = survey_of(("train", one), ("test", replace(other, data=data)))
    assert not alike.leaks
    data[:, 27] = one.data[:, 67]
    (leak,) = survey_of(("train", one), ("test", replace(other, data=data))).leaks
    assert leak.frames == 8


def test_frames_without_half_of_a_body_and_still_ones_are_no_leak() -> None:
    one, other = (changed(person(seed), slice(0, 20), [*range(10)], np.nan) for seed in (1, 2))
    data = other.data.copy()
    data[:, :20] = one.data[:, :20]  # 10 of 20 joints are seen
    assert not survey_of(("train", one), ("test", replace(other, data=data))).leaks
    still = [replace(person(k), data=person(k).data.copy()) for k in (1, 2)]
    for clip in still:
        clip.data[:, :30] = 1.0
    assert not survey_of(("train", still[0]), ("test", still[1])).leaks


def test_one_of_two_people_is_enough_for_a_leak() -> None:
    clip = person(1)
    pair = np.concatenate([clip.data, np.full_like(clip.data, np.nan)], axis=3)
    both = replace(clip, data=pair)
    assert clip.labels is not None
    cut = replace(both, data=pair[:, 100:150], labels=clip.labels[100:150])
    (leak,) = survey_of(("train", both), ("test", cut)).leaks
    assert leak.frames == 50


def test_absent_people_are_no_leak() -> None:
    empty = changed(person(1), slice(0, 20), slice(None), np.nan)
    other = changed(person(2), slice(0, 20), slice(None), np.nan)
    assert not survey_of(("train", empty), ("test", other)).leaks


def test_subjects_in_both_splits_are_a_warning() -> None:
    one, other = replace(person(1), subject="p1"), replace(person(2), subject="p1")
    survey = survey_of(("train", one), ("test", other))
    assert "1 subject is both in 'train' and in 'test' (p1)" in texts(survey, "warning")


def test_a_recording_that_is_there_twice_is_a_warning() -> None:
    assert "1 recording is there twice: r0 = r1" in texts(
        survey_of(("", person(1)), ("", person(1)))
    )


def test_labels_that_are_missing_short_or_rare_are_told() -> None:
    clip = person(1)
    assert clip.labels is not None
    labels = clip.labels.copy()
    labels[5:15] = -1
    labels[18] = 4
    said = texts(survey_of(("train", replace(clip, labels=labels)), ("train", person(2))))
    assert "10 frames (" in said
    assert "1 labelled stretch is one frame long, first in train/r0" in said
    without = replace(clip, labels=None, classes=())
    assert "1 recording has no labels, first r1" in texts(survey_of(("", clip), ("", without)))
    only = replace(clip, labels=np.where(clip.labels == 3, 0, clip.labels))
    assert "1 class never occurs in 'test': standUp" in texts(
        survey_of(("train", person(2)), ("test", only))
    )


def test_rates_and_skeletons_must_agree() -> None:
    clip = person(1)
    faster = replace(person(2), fps=30.0)
    assert "frame rates differ: 15 (1), 30 (1)" in texts(survey_of(("", clip), ("", faster)))
    other = generate("phonewatch", seed=1)
    assert "2 different skeletons" in texts(survey_of(("", clip), ("", other)), "error")
    assert "no rate that sensors have" in texts(survey_of(("", replace(clip, fps=1.0))))


def test_a_data_set_folder_is_walked(tmp_path: Path) -> None:
    entries = [Entry("train", "a", person(1)), Entry("test", "b", person(2))]
    write_dataset(tmp_path / "set", entries, name="two", units="m")
    (tmp_path / "set" / "test" / "labels" / "b.csv").write_text("label\nflying\n")
    inspection = inspect(tmp_path / "set")
    assert [(one.split, one.name) for one in inspection.survey.recordings] == [("train", "a")]
    assert inspection.units == "m"
    assert "test/b" in inspection.survey.unreadable
    assert "cannot be read" in texts(inspection.survey, "error")
    assert [name for name, _ in inspection.examples] == ["train/a"]


def test_a_folder_of_recordings_is_walked(tmp_path: Path) -> None:
    for seed in range(3):
        person(seed).save(tmp_path / "deep" / f"{seed}.npz")
    (tmp_path / "deep" / "broken.npz").write_bytes(b"PK\3\4 no clip")
    seen: list[str] = []
    inspection = inspect(tmp_path, progress=lambda done, total, name: seen.append(name))
    assert [one.name for one in inspection.survey.recordings] == [f"deep/{k}.npz" for k in range(3)]
    assert list(inspection.survey.unreadable) == ["deep/broken.npz"]
    assert len(seen) == 4
    assert inspection.survey.classes == person(0).classes


def test_what_cannot_be_opened_is_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    person(1).save(tmp_path / "a.npz")
    person(2).save(tmp_path / "shut.npz")
    (tmp_path / "closed").mkdir()
    see, walk = Head.of, Path.iterdir

    def open_head(path: Path) -> Head:
        if path.name == "shut.npz":
            raise DataError(f"{path} cannot be read: Permission denied.")
        return see(path)

    def open_folder(path: Path) -> Iterator[Path]:
        if path.name == "closed":
            raise PermissionError
        return walk(path)

    monkeypatch.setattr(Head, "of", staticmethod(open_head))
    monkeypatch.setattr(Path, "iterdir", open_folder)
    survey = inspect(tmp_path).survey
    assert [one.name for one in survey.recordings] == ["a.npz"]
    assert set(survey.unreadable) == {"shut.npz", "closed"}
    assert "Permission denied" in survey.unreadable["shut.npz"]


def test_a_folder_of_labels_only_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.srt").write_text("1\n00:00:00,000 --> 00:00:01,000\nsit\n")
    with pytest.raises(DataError, match=r"only labels such as a\.srt"):
        inspect(tmp_path)


def test_nothing_to_inspect_is_one_clear_sentence(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match="no file or folder"):
        inspect(tmp_path / "none")
    with pytest.raises(DataError, match="no recordings in"):
        inspect(tmp_path)
