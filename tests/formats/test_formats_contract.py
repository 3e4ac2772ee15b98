"""What every format promises: told from all others, read the same every time, never half."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from kinestream.clips import Clip
from kinestream.errors import KinestreamError
from kinestream.formats import FORMATS, Head, read_recording, read_recordings
from tests.formats.samples import Sample, sample_of

WRITERS = [name for name, each in FORMATS.items() if each.write is not None]


@pytest.fixture
def sample(request: pytest.FixtureRequest, tmp_path: Path) -> Sample:
    return sample_of(request.param, tmp_path)


def every(names: list[str]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("sample", names, indirect=True)


def assert_same(one: Clip, other: Clip) -> None:
    np.testing.assert_array_equal(one.data, other.data)
    assert one.skeleton.joints == other.skeleton.joints
    assert (one.fps, one.channels, one.classes) == (other.fps, other.channels, other.classes)
    assert (one.labels is None) == (other.labels is None)
    if one.labels is not None and other.labels is not None:
        np.testing.assert_array_equal(one.labels, other.labels)


@every(list(FORMATS))
def test_a_recording_fits_one_format_only(sample: Sample) -> None:
    head = Head.of(sample.path)
    assert [name for name, each in FORMATS.items() if each.fits(head)] == [sample.format.name]


@every(list(FORMATS))
def test_a_recording_is_read_by_content_and_by_name(sample: Sample) -> None:
    by_content = read_recording(sample.path, sample.stated)
    by_name = read_recording(sample.path, sample.stated, sample.format.name)
    assert_same(by_content.clip, by_name.clip)
    assert by_content.repairs == by_name.repairs
    assert by_content.clip.num_frames > 1
    assert by_content.clip.source == str(sample.path)


@every(list(FORMATS))
def test_all_recordings_of_a_file_hold_the_one(sample: Sample) -> None:
    named = list(read_recordings(sample.path, sample.stated))
    assert len({name for name, _, _ in named}) == len(named)
    assert_same(named[0].clip, read_recording(sample.path, sample.stated).clip)


@every(WRITERS)
def test_what_is_written_is_read_again(sample: Sample, tmp_path: Path) -> None:
    clip = read_recording(sample.path, sample.stated).clip
    again = tmp_path / "again" / sample.path.name
    again.parent.mkdir()
    assert sample.format.write is not None
    sample.format.write(clip, again)
    assert_same(read_recording(again, sample.stated).clip, clip)


@every(list(FORMATS))
def test_a_damaged_file_is_refused_or_read_whole(sample: Sample) -> None:
    if sample.path.is_dir():
        sample.path.joinpath("more.json").write_text("{")
        return
    whole = sample.path.read_bytes()
    rng = np.random.default_rng(1)
    for _ in range(60):
        damaged = bytearray(whole)
        for place in rng.integers(0, len(whole), rng.integers(1, 4)):
            damaged[place] = rng.integers(0, 256)
        for content in (bytes(damaged), whole[: rng.integers(0, len(whole))]):
            sample.path.write_bytes(content)
            try:
                clip = read_recording(sample.path, sample.stated, sample.format.name).clip
            except KinestreamError as error:
                assert "\n" not in str(error)
            else:
                assert clip.data.shape[2] == clip.skeleton.num_joints
