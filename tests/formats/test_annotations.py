"""Labels in files: every format gives back the frames it was made of, and refuses what is damaged."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinestream.errors import ConfigError, DataError, KinestreamError, MissingFileError
from kinestream.formats import Head, read_annotations, write_annotations
from kinestream.formats.annotations import (
    LABEL_FORMATS,
    Annotations,
    Span,
    Terms,
    labels_of,
    with_labels,
)
from tests.conftest import make_clip
from tests.formats.mutation import mutated
from tests.formats.test_formats_fuzz import Target, outcome

CLASSES = ("sit", "walk", "Geh & steh, \u00fcber")
SPANS = Annotations((Span(0.0, 1.0, "sit"), Span(1.0, 2.5, CLASSES[2]), Span(4.0, 5.0, "sit")))
FPS = 20.0


def written(name: str, folder: Path, annotations: Annotations = SPANS, fps: float = FPS) -> Path:
    path = folder / f"labels{LABEL_FORMATS[name].endings[0]}"
    return write_annotations(annotations, path, format=name, fps=fps)


@pytest.mark.parametrize("name", LABEL_FORMATS)
def test_what_is_written_is_read_again(name: str, tmp_path: Path) -> None:
    path = written(name, tmp_path)
    again = read_annotations(path, fps=FPS)
    assert again.spans == SPANS.spans
    assert read_annotations(path, fps=FPS, format=name).spans == SPANS.spans
    assert again.source == str(path)


@pytest.mark.parametrize("name", LABEL_FORMATS)
def test_a_file_fits_one_format_only(name: str, tmp_path: Path) -> None:
    from kinestream.formats import FORMATS

    head = Head.of(written(name, tmp_path))
    assert [each.name for each in LABEL_FORMATS.values() if each.fits(head)] == [name]
    assert [each.name for each in FORMATS.values() if each.fits(head)] == []


@pytest.mark.parametrize("name", LABEL_FORMATS)
def test_line_ends_and_byte_order_marks_do_not_matter(name: str, tmp_path: Path) -> None:
    path = written(name, tmp_path)
    content = path.read_bytes().replace(b"\n", b"\r\n")
    path.write_bytes(b"\xef\xbb\xbf" + content)
    assert read_annotations(path, fps=FPS).spans == SPANS.spans


@pytest.mark.timeout(3600)
def test_damaged_files_are_refused_or_read(tmp_path: Path, fuzz: int) -> None:
    """The family of labels: 2,000 damaged files by default."""
    targets = []
    for name in LABEL_FORMATS:
        folder = tmp_path / name
        folder.mkdir()
        path = written(name, folder)
        targets.append(
            Target(path, lambda path=path, name=name: read_annotations(path, fps=20, format=name))  # type: ignore[misc]
        )
    wholes = [target.file.read_bytes() for target in targets]
    rng = np.random.default_rng(3)
    seen = {"read": 0, "DataError": 0}
    for number in range(fuzz):
        which = number % len(targets)
        seen[outcome(targets[which], mutated(wholes[which], rng))] += 1
    assert min(seen.values()) > fuzz // 20
    for target, whole in zip(targets, wholes, strict=True):
        for length in range(len(whole)):
            outcome(target, whole[:length])


@given(
    labels=st.lists(st.integers(-1, 2), min_size=1, max_size=60),
    fps=st.sampled_from([0.5, 7.5, 15.0, 23.976, 25.0, 29.97, 30.0, 59.94, 100.0, 999.0]),
    decimals=st.sampled_from([3, 6, 15]),
)
def test_frames_become_spans_and_the_same_frames_again(
    labels: list[int], fps: float, decimals: int
) -> None:
    truth = np.array(labels, dtype=np.int64)
    spans = Annotations.from_frames(truth, CLASSES, fps)
    rounded = Annotations(
        tuple(Span(round(s, decimals), round(e, decimals), label) for s, e, label in spans.spans)
    )
    found = rounded.to_frames(len(labels), fps, CLASSES)
    assert found.labels.tolist() == labels
    assert (found.overlapped, found.too_short, found.outside) == (0, 0, 0)


def test_frames_follow_the_rule_of_the_nearest() -> None:
    """Against a loop over frames and spans."""
    rng = np.random.default_rng(0)
    for _ in range(50):
        ends = np.sort(rng.uniform(0, 3, (6, 2)), axis=1)
        spans = Annotations(tuple(Span(a, b, str(k % 3)) for k, (a, b) in enumerate(ends)))
        found = spans.to_frames(20, 10.0, ("0", "1", "2"))
        expected = [-1] * 20
        claims = [0] * 20
        for start_s, end_s, label in sorted(spans.spans, key=lambda span: span[:2]):
            for frame in range(20):
                if int(start_s * 10 + 0.5) <= frame < int(end_s * 10 + 0.5):
                    expected[frame] = int(label)
                    claims[frame] += 1
        assert found.labels.tolist() == expected
        assert found.overlapped == sum(claim > 1 for claim in claims)


def test_background_and_classes_are_the_caller_s() -> None:
    found = SPANS.to_frames(110, FPS, background="rest")
    assert found.classes == ("rest", "sit", CLASSES[2])
    assert found.labels[55] == 0
    assert SPANS.to_frames(4, FPS, classes=("x", *CLASSES)).labels.tolist() == [1, 1, 1, 1]
    with pytest.raises(DataError, match="label 'sit' at 0 s is outside the list; allowed are walk"):
        SPANS.to_frames(4, FPS, classes=("walk",))
    with pytest.raises(DataError, match="1 to .* frames, got 0"):
        SPANS.to_frames(0, FPS)


def test_what_is_lost_is_counted() -> None:
    spans = Annotations((Span(0, 1, "a"), Span(0.5, 1, "b"), Span(1, 1.01, "c"), Span(9, 10, "d")))
    found = spans.to_frames(20, 10.0)
    assert (found.overlapped, found.too_short, found.outside) == (5, 1, 1)
    assert found.labels.tolist() == [0] * 5 + [1] * 5 + [-1] * 10


@pytest.mark.parametrize(
    ("span", "says"),
    [
        (Span(-1, 2, "a"), "runs from -1 to 2 s"),
        (Span(3, 2, "a"), "runs from 3 to 2 s"),
        (Span(float("nan"), 2, "a"), "runs from nan to 2 s"),
        (Span(0, float("inf"), "a"), "runs from 0 to inf s"),
        (Span(0, 1, "  "), "is empty, too long or"),
        (Span(0, 1, "a\x1b[31m"), "holds control characters"),
        (Span(0, 1, "a" * 501), "is empty, too long or"),
    ],
)
def test_impossible_spans_are_refused(span: Span, says: str) -> None:
    with pytest.raises(DataError, match=says) as caught:
        Annotations((span,), "a.srt")
    assert str(caught.value).startswith("a.srt: ")


def test_a_label_for_every_frame_keeps_holes(tmp_path: Path) -> None:
    path = write_annotations(SPANS, tmp_path / "a.csv", format="frames", fps=2, num_frames=12)
    lines = path.read_text().splitlines()
    assert lines[0] == "label"
    assert (
        lines[1:] == ["sit"] * 2 + [f'"{CLASSES[2]}"'] * 3 + ["-1"] * 3 + ["sit"] * 2 + ["-1"] * 2
    )
    path.write_text("index,time_s,person,label,score\n0,0.0,0,walk,0.5\n1,0.1,0,walk,0.5\n")
    assert read_annotations(path, fps=10).spans == (Span(0.0, 0.2, "walk"),)
    with pytest.raises(DataError, match="counts frames: give their rate with --fps"):
        read_annotations(path)


def test_subtitles_are_read_as_players_read_them(tmp_path: Path) -> None:
    path = tmp_path / "a.srt"
    path.write_text(
        "1\n00:00:01,5 --> 00:00:02,250 X1:4\n<i>walk</i>\nfast\n\n\n"
        "00:01:00,000 --> 01:00:00,000\nsit\n"
    )
    assert read_annotations(path).spans == (Span(1.5, 2.25, "walk fast"), Span(60, 3600, "sit"))
    path.write_text(
        "WEBVTT - title\nX-Y: z\n\nNOTE a\nb\n\nSTYLE\n::cue {}\n\nid 1\n"
        "00:01.000 --> 00:02.000 align:end\n"
        "<v Ann>a &lt; b</v>\n"
    )
    assert read_annotations(path).spans == (Span(1.0, 2.0, "a < b"),)
    for text, says in (
        ("1\n00:00:01,500 > 00:00:02,250\nwalk\n", "no labels Kinestream knows"),
        ("1\n00:00:01,500 --> soon\nwalk\n", "line 1: .* is no line of times"),
        ("1\n00:00:01,500 --> 00:00:02,250\n\n", "a cue is a number, a line of times and a text"),
        ("WEBVTT\n\n00:01.000 --> 00:99.000\na\n", "line 3: .* is no line of times"),
    ):
        path.write_text(text)
        with pytest.raises(DataError, match=says):
            read_annotations(path)
    with pytest.raises(DataError, match="SubRip cannot carry < or >"):
        write_annotations(Annotations((Span(0, 1, "a < b"),)), path)
    with pytest.raises(DataError, match="holds '-->'; rename it|cannot carry"):
        write_annotations(Annotations((Span(0, 1, "a --> b"),)), path)


EAF = """<?xml version="1.0" encoding="UTF-8"?>
<ANNOTATION_DOCUMENT FORMAT="3.0" VERSION="3.0">
  <HEADER TIME_UNITS="milliseconds"/>
  <TIME_ORDER>
    <TIME_SLOT TIME_SLOT_ID="ts1" TIME_VALUE="0"/><TIME_SLOT TIME_SLOT_ID="ts2"/>
    <TIME_SLOT TIME_SLOT_ID="ts3"/><TIME_SLOT TIME_SLOT_ID="ts4" TIME_VALUE="3000"/>
  </TIME_ORDER>
  <TIER TIER_ID="gait"><ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a1" TIME_SLOT_REF1="ts1"
    TIME_SLOT_REF2="ts2"><ANNOTATION_VALUE>walk &amp; turn</ANNOTATION_VALUE>
    </ALIGNABLE_ANNOTATION></ANNOTATION>
  </TIER>
  <TIER TIER_ID="notes" PARENT_REF="gait"><ANNOTATION><REF_ANNOTATION ANNOTATION_ID="a2"
    ANNOTATION_REF="a1"><ANNOTATION_VALUE>fast</ANNOTATION_VALUE></REF_ANNOTATION></ANNOTATION></TIER>
  MORE
</ANNOTATION_DOCUMENT>
"""
SECOND = """<TIER TIER_ID="hands"><ANNOTATION><ALIGNABLE_ANNOTATION TIME_SLOT_REF1="ts3"
  TIME_SLOT_REF2="ts4"><ANNOTATION_VALUE>wave</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION></TIER>"""


def test_elan_tiers_are_chosen_by_name(tmp_path: Path) -> None:
    path = tmp_path / "a.eaf"
    path.write_text(EAF.replace("MORE", ""))
    assert read_annotations(path).spans == (Span(0.0, 1.0, "walk & turn"),)
    path.write_text(EAF.replace("MORE", SECOND))
    assert read_annotations(path, tier="hands").spans == (Span(2.0, 3.0, "wave"),)
    with pytest.raises(DataError, match="tiers 'gait', 'hands'; name one with --tier"):
        read_annotations(path)
    with pytest.raises(DataError, match="none is 'feet'"):
        read_annotations(path, tier="feet")


BOMB = """<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>
<ANNOTATION_DOCUMENT>&b;</ANNOTATION_DOCUMENT>"""
FETCH = """<?xml version="1.0"?><!DOCTYPE a SYSTEM "file:///etc/hostname"><ANNOTATION_DOCUMENT/>"""


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (BOMB, "declares a document type or entities"),
        (FETCH, "declares a document type or entities"),
        ("<ANNOTATION_DOCUMENT>" + "<A>" * 40, "nested too deeply"),
        ("<ANNOTATION_DOCUMENT>", "is not an ELAN annotation file: no element found"),
        ("<html/>", "its root is 'html'"),
        (EAF.replace('TIME_VALUE="0"', 'TIME_VALUE="-1"'), "time '-1', which is no number"),
        (EAF.replace('TIME_VALUE="0"', 'TIME_VALUE="' + "9" * 50 + '"'), "which is no number"),
        (EAF.replace('TIME_VALUE="0"', ""), "first and last time slot must have a time"),
        (EAF.replace('REF2="ts2"', 'REF2="ts9"'), "tier 'gait' names the unknown time slot 'ts9'"),
        (EAF.replace('TIME_SLOT_REF2="ts2"', ""), "without its two time slots"),
        ('<?xml version="1.0" encoding="utf-99"?><ANNOTATION_DOCUMENT/>', "unknown encoding"),
    ],
)
def test_hostile_elan_files_are_refused(tmp_path: Path, content: str, says: str) -> None:
    (tmp_path / "a.eaf").write_text(content)
    with pytest.raises(DataError, match=says):
        read_annotations(tmp_path / "a.eaf", format="eaf")


def studio(tmp_path: Path, *regions: object, **extra: object) -> Path:
    task = {"id": 1, "annotations": [{"was_cancelled": True, "result": [7]}, {"result": regions}]}
    path = tmp_path / "a.json"
    path.write_text(json.dumps([task | extra]))
    return path


def test_label_studio_exports_of_three_kinds(tmp_path: Path) -> None:
    series = {"start": 0.5, "end": 2, "instant": False, "timeserieslabels": ["a", "b"]}
    audio = {"start": 3, "end": 4.5, "channel": 0, "labels": ["c"]}
    video = {"ranges": [{"start": 1, "end": 10}, {"start": 21, "end": 30}], "timelinelabels": ["d"]}
    path = studio(
        tmp_path,
        {"type": "timeserieslabels", "from_name": "x", "value": series},
        {"type": "labels", "from_name": "y", "value": audio},
        {"type": "timelinelabels", "from_name": "z", "value": video},
        {"type": "choices", "value": {"choices": ["good"]}},
    )
    spans = read_annotations(path, fps=10).spans
    assert spans == (
        *(Span(0.0, 1.0, "d"), Span(0.5, 2.0, "a"), Span(0.5, 2.0, "b"), Span(2.0, 3.0, "d")),
        Span(3.0, 4.5, "c"),
    )
    assert read_annotations(path, fps=10, tier="y").spans == (Span(3.0, 4.5, "c"),)
    with pytest.raises(DataError, match="counts frames"):
        read_annotations(path)


@pytest.mark.parametrize(
    ("region", "says"),
    [
        (
            {"type": "labels", "value": {"start": "2020-01-01", "end": 1, "labels": ["a"]}},
            "the time '2020",
        ),
        (
            {"type": "labels", "value": {"start": 0, "end": 1, "labels": "a"}},
            "must list label names",
        ),
        ({"type": "timelinelabels", "value": {"timelinelabels": ["a"]}}, "ranges must be a list"),
    ],
)
def test_odd_label_studio_regions_are_refused(tmp_path: Path, region: object, says: str) -> None:
    with pytest.raises(DataError, match=says):
        read_annotations(studio(tmp_path, region), fps=10)


def test_only_one_task_is_read(tmp_path: Path) -> None:
    path = studio(tmp_path)
    path.write_text(json.dumps(json.loads(path.read_text()) * 2))
    with pytest.raises(DataError, match="holds 2 tasks"):
        read_annotations(path)


def test_segments_may_be_separated_in_three_ways(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    for mark in (",", ";", "\t"):
        path.write_text(f"who{mark}label{mark}end_s{mark}start_s\nme{mark}sit{mark}2{mark}1.5\n\n")
        assert read_annotations(path).spans == (Span(1.5, 2.0, "sit"),)
    for row in ("1,2", "a,b,c", "1,nan,c", "1,2,c,d"):
        path.write_text(f"start_s,end_s,label\n{row}\n")
        with pytest.raises(DataError, match="line 2: expected 3 cells with start and end"):
            read_annotations(path)


def test_labels_are_put_onto_a_clip_and_taken_off(caplog: pytest.LogCaptureFixture) -> None:
    clip = make_clip(frames=40, fps=10.0)
    spans = Annotations((Span(0, 1, "up"), Span(0.5, 2, "down"), Span(8, 9, "late")), "a.srt")
    labelled = with_labels(clip, spans)
    assert labelled.classes == ("up", "down", "late")
    assert labelled.labels is not None
    assert labelled.labels.tolist() == [0] * 5 + [1] * 15 + [-1] * 20
    assert [record.getMessage()[:16] for record in caplog.records] == [
        "a.srt: 5 frames ",
        "a.srt: 1 spans b",
    ]
    assert labels_of(labelled).spans == (Span(0.0, 0.5, "up"), Span(0.5, 2.0, "down"))
    with pytest.raises(DataError, match="none of 1 spans lies within the 4.00 s"):
        with_labels(clip, Annotations((Span(8, 9, "late"),)))
    from dataclasses import replace

    with pytest.raises(DataError, match="has no labels"):
        labels_of(replace(clip, labels=None, classes=()))


def test_files_that_are_not_there_or_unknown_are_named(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match="no file of labels"):
        read_annotations(tmp_path / "none.srt")
    (tmp_path / "a.bin").write_bytes(b"\x89PNG")
    with pytest.raises(DataError, match="begins with the bytes 89 50"):
        read_annotations(tmp_path / "a.bin")
    with pytest.raises(ConfigError, match="no format of labels 'docx'"):
        read_annotations(tmp_path / "a.bin", format="docx")
    with pytest.raises(
        ConfigError, match="does not tell the format .* name one of frames, segments"
    ):
        write_annotations(SPANS, tmp_path / "a.csv")
    with pytest.raises(ConfigError, match="name one of eaf, frames"):
        write_annotations(SPANS, tmp_path / "a.docx")


def test_terms_are_checked(tmp_path: Path) -> None:
    with pytest.raises(KinestreamError, match="frame rate must be above 0"):
        Terms(fps=-1)
