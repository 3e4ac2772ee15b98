"""What label files can get wrong without being damaged, and what must not be taken for one."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinestream.clips import Clip
from kinestream.errors import DataError
from kinestream.formats import (
    FORMATS,
    LABEL_FORMATS,
    Head,
    read_annotations,
    read_clip,
    write_annotations,
    write_clip,
)
from kinestream.formats.annotations import (
    Annotations,
    Span,
    fitting_labels,
    with_labels,
)
from kinestream.skeletons import skeleton
from tests.formats.samples import sample_of

SPANS = Annotations((Span(0.0, 0.4, "sit"), Span(0.4, 0.8, "walk")))


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    data = np.random.default_rng(0).normal(size=(3, 10, 20, 1))
    Clip(data, skeleton("kinect20"), 10.0).save(tmp_path / "walk.npz")
    return tmp_path / "walk.npz"


@pytest.mark.parametrize("name", FORMATS)
def test_no_recording_is_taken_for_labels(name: str, tmp_path: Path) -> None:
    sample = sample_of(name, tmp_path)
    assert fitting_labels(sample.path) is None
    if sample.path.is_file():
        with pytest.raises(DataError, match="is a recording .*no file of labels: give it as the"):
            read_annotations(sample.path)


@pytest.mark.parametrize("name", LABEL_FORMATS)
def test_labels_given_as_a_recording_are_named(name: str, tmp_path: Path) -> None:
    path = tmp_path / f"a{LABEL_FORMATS[name].endings[0]}"
    write_annotations(SPANS, path, format=name, fps=10)
    with pytest.raises(DataError, match="holds labels and no recording: .*labels="):
        read_clip(path)


@pytest.mark.parametrize("name", LABEL_FORMATS)
def test_a_recording_is_read_with_labels_of_every_format(
    name: str, recording: Path, tmp_path: Path
) -> None:
    path = tmp_path / f"a{LABEL_FORMATS[name].endings[0]}"
    write_annotations(SPANS, path, format=name, fps=10, num_frames=10)
    clip = read_clip(recording, labels=path)
    assert clip.labels is not None
    assert clip.classes == ("sit", "walk")
    assert clip.labels.tolist() == [0] * 4 + [1] * 4 + [-1] * 2
    with_background = read_clip(recording, labels=path, background="rest")
    assert with_background.labels is not None
    assert with_background.labels.tolist() == [1] * 4 + [2] * 4 + [0] * 2


def test_labels_of_another_recording_are_refused(recording: Path, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("label\nsit\nwalk\n")
    with pytest.raises(DataError, match="holds 2 labels, the recording has 10 frames"):
        read_clip(recording, labels=tmp_path / "a.csv")
    (tmp_path / "a.csv").write_text("start_s,end_s,label\n1,2,walk\n")
    with pytest.raises(DataError, match="none of 1 spans lies within the 1.00 s"):
        read_clip(recording, labels=tmp_path / "a.csv")


Spans = st.lists(
    st.tuples(st.integers(0, 30), st.integers(0, 30), st.sampled_from("abc")),
    min_size=1,
    max_size=12,
)


@given(found=Spans)
def test_overlaps_are_painted_as_one_would_by_hand(found: list[tuple[int, int, str]]) -> None:
    """The frame of several spans is that of the last start, then of the first end."""
    spans = [Span(min(a, b) / 10, max(a, b) / 10, label) for a, b, label in found]
    frames = Annotations(tuple(spans)).to_frames(25, 10.0, "abc")
    for frame in range(25):
        ends = [
            (round(s.start_s * 10), round(s.end_s * 10), s.label)
            for s in spans
            if round(s.start_s * 10) <= frame < round(s.end_s * 10)
        ]
        if not ends:
            assert frames.labels[frame] == -1
            continue
        best = max((start, -end) for start, end, _ in ends)
        allowed = {"abc".index(label) for start, end, label in ends if (start, -end) == best}
        assert frames.labels[frame] in allowed


def test_spans_over_everything_cost_no_more_than_others() -> None:
    """Painting each of them over all frames would be hours of work."""
    many = Annotations(tuple(Span(k / 1000, 4000.0, str(k % 7)) for k in range(20_000)))
    found = many.to_frames(4_000_000, 1000.0)
    assert found.labels[19_998:20_002].tolist() == [19_998 % 7, *[19_999 % 7] * 3]
    assert found.overlapped == 4_000_000 - 1


def test_labels_of_many_languages_are_kept() -> None:
    names = ("\u0645\u06cc\u200c\u0631\u0648\u062f", "\u8d70\u308b", "a \u00a0 b")
    spans = Annotations(tuple(Span(0, 1, name) for name in names))
    assert [span.label for span in spans.spans] == [names[0], names[1], "a b"]
    with pytest.raises(DataError, match="control characters"):
        Annotations((Span(0, 1, "a\u202eb"),))


def test_a_blank_line_is_a_frame_without_a_label(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('label\nsit\n\nsit\n""\nwalk\n\n\n')
    spans = read_annotations(path, fps=1, num_frames=5).spans
    assert spans == (Span(0, 1, "sit"), Span(2, 3, "sit"), Span(4, 5, "walk"))
    path.write_text("time_s,label\n0,sit\n\n0.1,walk\n")
    with pytest.raises(DataError, match="row of frame 1 has 1 cells, the header 2"):
        read_annotations(path, fps=10)


def test_labels_of_several_people_are_not_strung_together(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("index,person,label\n0,0,sit\n0,1,walk\n")
    with pytest.raises(DataError, match="labels several people"):
        read_annotations(path, fps=10)


def test_quoted_headers_are_headers(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('"start_s";"end_s";"label"\n"1.5";"2";"sit; still"\n')
    assert read_annotations(path).spans == (Span(1.5, 2.0, "sit; still"),)


@pytest.mark.parametrize(
    "spans",
    [
        (Span(0, 1, "a"), Span(0.9, 2, "b")),
        (Span(0, 5, "a"), Span(1, 2, "b"), Span(6, 7, "c")),
        (Span(0, 1, "a"), Span(2, 2.0002, "b")),
    ],
)
def test_what_a_tier_cannot_hold_is_not_written(spans: tuple[Span, ...], tmp_path: Path) -> None:
    with pytest.raises(DataError, match="'.' at .* s overlaps the next span or is shorter"):
        write_annotations(Annotations(spans), tmp_path / "a.eaf")
    assert not (tmp_path / "a.eaf").exists()


def test_an_elan_file_in_other_units_is_refused(tmp_path: Path) -> None:
    path = write_annotations(SPANS, tmp_path / "a.eaf")
    path.write_text(path.read_text().replace("milliseconds", "PAL-frames"))
    with pytest.raises(DataError, match="counts 'PAL-frames', not milliseconds"):
        read_annotations(path)


def test_an_elan_file_is_what_its_schema_says(tmp_path: Path) -> None:
    """Order of elements and attributes that EAF 3.0 demands; slots in the order of time."""
    text = write_annotations(SPANS, tmp_path / "a.eaf", tier="gait & more").read_text()
    tags = re.findall(r"<([A-Z_]+)", text)
    wanted = "HEADER TIME_ORDER TIME_SLOT TIER ANNOTATION ALIGNABLE_ANNOTATION ANNOTATION_VALUE"
    assert list(dict.fromkeys(tags)) == ["ANNOTATION_DOCUMENT", *wanted.split(), "LINGUISTIC_TYPE"]
    times = [int(time) for time in re.findall(r'TIME_VALUE="(\d+)"', text)]
    assert times == sorted(times) == [0, 400, 400, 800]
    for attribute in ("AUTHOR", "DATE", "VERSION", "TIME_ALIGNABLE", "LINGUISTIC_TYPE_REF"):
        assert f'{attribute}="' in text
    assert 'TIER_ID="gait &amp; more"' in text
    assert read_annotations(tmp_path / "a.eaf", tier="gait & more").spans == SPANS.spans


def studio(folder: Path, *regions: dict[str, object]) -> Path:
    path = folder / "a.json"
    path.write_text(json.dumps({"id": 1, "annotations": [{"result": list(regions)}]}))
    return path


def series(start: object, end: object, name: str = "a", control: str = "x") -> dict[str, object]:
    value = {"start": start, "end": end, "timeserieslabels": [name]}
    return {"type": "timeserieslabels", "from_name": control, "value": value}


def test_whole_numbers_of_a_series_count_samples(tmp_path: Path) -> None:
    path = studio(tmp_path, series(5, 10), series(10, 20))
    assert read_annotations(path, fps=10).spans == (Span(0.5, 1, "a"), Span(1, 2, "a"))
    with pytest.raises(DataError, match="counts frames: give their rate"):
        read_annotations(path)
    path = studio(tmp_path, series(5, 10), series(10, 20.5))
    assert read_annotations(path).spans == (Span(5, 10, "a"), Span(10, 20.5, "a"))


def test_a_label_set_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    path = studio(tmp_path, series(0.5, 1.5), series(2.5, 3.5, control="y"))
    assert read_annotations(path, tier="y").spans == (Span(2.5, 3.5, "a"),)
    with pytest.raises(DataError, match=r"has the label sets \['x', 'y'\]; none is 'z'"):
        read_annotations(path, tier="z")


def test_words_of_a_text_are_no_times(tmp_path: Path) -> None:
    value = {"start": 0, "end": 5, "text": "hello", "labels": ["greeting"]}
    path = studio(tmp_path, {"type": "labels", "from_name": "y", "value": value})
    assert read_annotations(path).spans == ()


def test_captions_without_a_blank_line_are_not_lost(tmp_path: Path) -> None:
    path = tmp_path / "a.vtt"
    path.write_text(
        "WEBVTT\n00:01.000 --> 00:02.000\nsit\n\nNOTE walk\n\n2\n00:02.000 --> 00:03.000\n"
    )
    with pytest.raises(DataError, match="line 7: a cue is a line of times and a text"):
        read_annotations(path)
    path.write_text("WEBVTT\n00:01.000 --> 00:02.000\nsit\n")
    assert read_annotations(path).spans == (Span(1, 2, "sit"),)


def test_nothing_is_no_subtitle_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="without a label would be empty"):
        write_annotations(Annotations(()), tmp_path / "a.srt")


def test_a_clip_with_labels_is_written_and_read_with_them(recording: Path, tmp_path: Path) -> None:
    clip = with_labels(read_clip(recording), SPANS, classes=("walk", "sit"))
    again = read_clip(write_clip(clip, tmp_path / "b.npz"))
    assert again.classes == ("walk", "sit") and again.labels is not None
    assert again.labels.tolist() == [1] * 4 + [0] * 4 + [-1] * 2


def test_every_format_of_labels_is_told_from_every_other(tmp_path: Path) -> None:
    for name, each in LABEL_FORMATS.items():
        path = write_annotations(SPANS, tmp_path / f"{name}.txt", format=name, fps=10)
        assert [n for n, f in LABEL_FORMATS.items() if f.fits(Head.of(path))] == [name]
        assert read_annotations(path, fps=10).spans == SPANS.spans, each.title
