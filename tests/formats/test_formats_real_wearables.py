"""The real Daphnet and HuGaDB recordings, where they are at hand: against a naive reading."""

from __future__ import annotations

import tarfile
from pathlib import Path

import numpy as np
import pytest

from kinestream.formats import Repairs, Stated, read_recording

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
G = 9.80665


@pytest.fixture(scope="module")
def daphnet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    archive = DATA / "daphnet.tar.xz"
    if not archive.is_file():
        pytest.skip(f"the real recordings are not there: {archive}")
    folder = tmp_path_factory.mktemp("daphnet")
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    return folder


def test_daphnet(daphnet: Path) -> None:
    files = sorted(daphnet.rglob("S*R*.txt"))
    assert len(files) == 6
    frozen = {}
    for path in files:
        clip, repairs = read_recording(path, Stated())
        raw = np.loadtxt(path)
        assert clip.subject == path.name[:3]
        assert clip.labels is not None
        np.testing.assert_array_equal(clip.labels, np.array([-1, 0, 1])[raw[:, -1].astype(int)])
        values = raw[:, 1:10].reshape(-1, 3, 3)
        lost = (values == 0).all(axis=2)
        expected = np.where(lost[..., None], np.nan, values * G / 1000)
        np.testing.assert_allclose(clip.data[..., 0].transpose(1, 2, 0), expected, rtol=1e-6)
        assert repairs == Repairs(rows=len(raw), missing_joints=int(lost.sum()))
        frozen[path.stem] = int((clip.labels == 1).sum())
        size = np.linalg.norm(clip.data[..., 0], axis=0)
        assert np.nanmedian(size) == pytest.approx(G, rel=0.03)
    assert sum(frozen.values()) == 15_462 and frozen["S03R03"] == frozen["S06R02"] == 0


def test_hugadb() -> None:
    path = DATA / "hugadb" / "HuGaDB_v2_various_01_00.txt"
    if not path.is_file():
        pytest.skip(f"the real recording is not there: {path}")
    clip, repairs = read_recording(path, Stated())
    raw = np.loadtxt(path, skiprows=4)
    assert repairs == Repairs(rows=3142) and clip.data.shape == (6, 3142, 6, 1)
    assert clip.labels is not None and clip.subject == "01"
    np.testing.assert_array_equal(clip.labels, raw[:, 38] - 1)
    told = path.read_text().splitlines()[0].split()[1:]  # the header lists the activities in order
    changes = np.flatnonzero(np.diff(clip.labels, prepend=-1))
    assert [clip.classes[k] for k in clip.labels[changes]] == told
    for v in range(6):
        values = raw[:, 6 * v : 6 * v + 6] * ([2 * G / 2**15] * 3 + [np.radians(2000) / 2**15] * 3)
        np.testing.assert_allclose(clip.data[:, :, v, 0].T, values, rtol=1e-6)
    still = np.linalg.norm(clip.data[:3, :, :, 0], axis=0)  # (T, V)
    assert np.median(still, axis=0) == pytest.approx(G, rel=0.06)
