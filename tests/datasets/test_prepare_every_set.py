"""Every data set that is listed can be prepared from the sample of its format."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

from kinestream.datasets import FolderDataset, Store, prepare
from kinestream.datasets.known import known_sets

RENAMED = {
    "imu_fog_it": {"trial.csv": "S01_walk.csv"},
    "pku_mmd_v2": {
        "skeletons/0003-L.skeleton": "skeletons/A01N05-L.skeleton",
        "labels/0003-L.txt": "labels/A01N05-L.txt",
    },
}


@pytest.mark.parametrize("name", known_sets())
def test_sets_can_be_prepared(name: str, tmp_path: Path) -> None:
    known = known_sets()[name]
    sample = import_module(f"tests.formats.samples.{known.format}")
    source = tmp_path / "raw"
    source.mkdir()
    sample.write(source)
    for old, new in RENAMED.get(name, {}).items():
        (source / old).rename(source / new)
    for layout in ("folder", "store"):
        report = prepare(
            name,
            source,
            tmp_path / layout,
            "all",
            layout=layout,  # type: ignore[arg-type]
            fps=sample.STATED.fps,
        )
        assert report.left_out == {}
    folder, store = FolderDataset(tmp_path / "folder", "all"), Store.open(tmp_path / "store")
    assert folder.names == store.names
    assert (folder.skeleton, folder.subjects) == (store.skeleton, store.subjects)
    assert {clip.num_people for clip in store} == {known.people}
    store.verify()
    folder.verify()
