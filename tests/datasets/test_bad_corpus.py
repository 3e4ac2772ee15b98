"""A corpus of broken NTU recordings: each is mended and counted, or refused with its reason."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from kinestream.datasets.inspection import findings_of, inspect
from kinestream.errors import DataError
from kinestream.formats import Stated, read_recording

FRAMES, JOINTS = 3, 25
BODY = "7205759403792793{} 0 1 1 1 1 0 0.02 -0.1 2"

Lines = list[str]


def sound(people: int = 1) -> Lines:
    """Three frames of people who stand still but for a little noise."""
    rng = np.random.default_rng(0)
    lines = [str(FRAMES)]
    for _ in range(FRAMES):
        lines.append(str(people))
        for person in range(people):
            lines += [BODY.format(person), str(JOINTS)]
            for joint in range(JOINTS):
                x, y, z = rng.normal(0, 0.01, 3) + (person, joint / 15, 3)
                lines.append(f"{x:.6f} {y:.6f} {z:.6f} 1 2 3 4 0 0 0 1 2")
    return lines


def with_joint(line: int, text: str) -> Lines:
    lines = sound()
    lines[line] = text
    return lines


def places(value: str) -> Lines:
    """The first joint of the first frame at x = y = z = value."""
    return with_joint(4, f"{value} {value} {value} 1 2 3 4 0 0 0 1 2")


REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "nothing": (lambda: b"", "is empty"),
    "blank": (lambda: b"\n \n\t\n", "empty|expected"),
    "no_frames": (lambda: b"0\n", "must tell of 1 to 36000 frames"),
    "nobody": (lambda: b"3\n0\n0\n0\n", "nobody is seen"),
    "a_thousand_million_frames": (
        lambda: text(replaced(0, "1000000000")),
        "got '1000000000' and 84 m",
    ),
    "too_many_frames": (lambda: text(replaced(0, "999999999")), "got '999999999' and 84"),
    "too_many_bodies": (lambda: text(replaced(1, "1000000000")), "25 joints"),
    "too_many_joints": (lambda: text(replaced(3, "999999999")), "25 joints"),
    "a_joint_less": (lambda: text(replaced(3, "24")), "25 joints"),
    "no_joints": (lambda: text(replaced(3, "0")), "25 joints"),
    "negative_count": (lambda: text(replaced(0, "-3")), "frames, .* got '-3'"),
    "half_a_frame": (lambda: text(replaced(0, "2.5")), "frames, .* got '2.5'"),
    "a_count_in_words": (lambda: text(replaced(1, "one")), "line 2: field 1 must be a number"),
    "cut_in_a_line": (lambda: text(sound())[:-30], "fields|lines left"),
    "cut_between_lines": (lambda: text(sound()[:-1]), "lines left|25 joints"),
    "cut_between_frames": (lambda: text(sound()[: 1 + 2 * 28]), "number of bodies"),
    "a_line_too_many": (lambda: text([*sound(), "1"]), "goes on after the last"),
    "a_frame_too_many": (lambda: text(["2", *sound()[1:]]), "goes on after the last"),
    "a_field_less": (lambda: text(with_joint(4, "1 2 3 4 5 6 7 8 9 0 1")), "11 fields"),
    "a_field_more": (lambda: text(with_joint(4, "1 2 3 4 5 6 7 8 9 0 1 2 3")), "13 fields"),
    "words_for_numbers": (lambda: text(with_joint(4, "a b c 1 2 3 4 0 0 0 1 2")), "number|holds"),
    "another_format": (lambda: b"\x89PNG\r\n\x1a\n" + bytes(100), "not a text file"),
    "utf_16": (lambda: "\n".join(sound()).encode("utf-16"), "not a text file"),
    "zero_bytes": (lambda: text(sound()).replace(b" ", b"\0"), "."),
}
MENDED: dict[str, tuple[Callable[[], bytes], dict[str, int]]] = {
    "sound": (lambda: text(sound()), {}),
    "nan": (lambda: text(places("nan")), {"missing_joints": 1}),
    "infinite": (lambda: text(places("inf")), {"missing_joints": 1}),
    "too_large_for_float32": (lambda: text(places("1e39")), {"missing_joints": 1}),
    "zero_joint": (lambda: text(places("0")), {"missing_joints": 1}),
    "three_people": (lambda: text(sound(3)), {}),
    "forty_people": (lambda: text(sound(40)), {"dropped_people": 8}),
    "windows_line_ends": (lambda: text(sound()).replace(b"\n", b"\r\n"), {}),
    "byte_order_mark": (lambda: b"\xef\xbb\xbf" + text(sound()), {}),
    "an_empty_frame": (lambda: text(["4", "0", *sound()[1:]]), {"empty_frames": 1}),
    "blank_lines_at_the_end": (lambda: text(sound()) + b"\n\n", {}),
    "tabs": (lambda: text(sound()).replace(b" ", b"\t"), {}),
}


def text(lines: Lines) -> bytes:
    return ("\n".join(lines) + "\n").encode()


def replaced(line: int, value: str) -> Lines:
    return [*sound()[:line], value, *sound()[line + 1 :]]


def file_of(content: bytes, folder: Path, number: int = 1) -> Path:
    path = folder / f"S001C001P001R001A{number:03d}.skeleton"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_mended_is_refused_with_its_reason(name: str, tmp_path: Path) -> None:
    make, says = REFUSED[name]
    path = file_of(make(), tmp_path)
    for format in (None, "ntu"):
        with pytest.raises(DataError) as caught:
            read_recording(path, Stated(), format)
        assert str(path) in str(caught.value)
    assert re.search(says, str(caught.value)), str(caught.value)


@pytest.mark.parametrize("name", MENDED)
def test_what_can_be_mended_is_counted(name: str, tmp_path: Path) -> None:
    make, expected = MENDED[name]
    clip, repairs = read_recording(file_of(make(), tmp_path), Stated(), "ntu")
    counted = {what: count for what, count in repairs.to_dict().items() if count and what != "rows"}
    assert counted == expected
    assert not np.isinf(clip.data).any()
    missing = np.isnan(clip.data).any(axis=0).sum()
    assert missing == expected.get("missing_joints", 0) + JOINTS * expected.get("empty_frames", 0)


def test_the_audit_names_every_broken_file(tmp_path: Path) -> None:
    contents = [make() for make, _ in (*REFUSED.values(), *MENDED.values())]
    assert len(REFUSED) + len(MENDED) >= 30
    for number, content in enumerate(contents, start=1):
        file_of(content, tmp_path, number)
    survey = inspect(tmp_path).survey
    found = {one.name for one in survey.recordings} | set(survey.unreadable)
    # A folder is searched for recordings: what does not look like one is not reported as broken.
    assert len(survey.recordings) == len(MENDED)
    assert len(found) <= len(contents)
    said = "\n".join(each.text for each in findings_of(survey, "m"))
    assert "more recordings cannot be read" in said
    assert "4 joints are missing" in said
    assert "nobody is seen in 1 frame" in said
