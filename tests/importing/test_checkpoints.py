"""Checkpoint files: which are read, which are refused, and that nothing in them is run."""

from __future__ import annotations

import argparse
import os
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from kinestream.errors import CheckpointError, MissingFileError
from kinestream.importing import checkpoints, convert
from kinestream.importing.checkpoints import read_state

STATE = {"a.weight": torch.arange(6.0).reshape(2, 3), "a.bias": torch.ones(2)}


class Hostile:
    """Unpickled, it leaves a file behind."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[str]]:
        return os.mkdir, (str(self.mark),)


def saved(path: Path, content: object, **options: Any) -> Path:
    torch.save(content, path, **options)
    return path


def refused(path: Path, message: str) -> None:
    with pytest.raises(CheckpointError, match=message) as caught:
        read_state(path)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 300 + len(str(path))


def test_every_kind_of_file_gives_its_tensors(tmp_path: Path) -> None:
    save_file(STATE, tmp_path / "a.safetensors")
    files = [
        saved(tmp_path / "a.pt", STATE),
        saved(tmp_path / "b.model", STATE, _use_new_zipfile_serialization=False),
        tmp_path / "a.safetensors",
    ]
    for path in files:
        found = read_state(path)
        assert found.keys() == STATE.keys()
        assert all(torch.equal(found[key], value) for key, value in STATE.items())


def test_what_else_a_training_saves_is_passed_on(tmp_path: Path) -> None:
    content = {"state_dict": STATE, "epoch": 3, "meta": {"config": "a = 1"}, "loss": [0.5]}
    assert read_state(saved(tmp_path / "a.pth", content))["epoch"] == 3


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    for path in (tmp_path / "none.pt", tmp_path):
        with pytest.raises(MissingFileError, match="there is no checkpoint"):
            read_state(path)


@pytest.mark.parametrize("zipped", [True, False])
def test_code_in_a_checkpoint_is_refused_and_not_run(tmp_path: Path, zipped: bool) -> None:
    mark = tmp_path / "ran"
    content = {"state_dict": STATE, "extra": Hostile(mark)}
    refused(
        saved(tmp_path / "a.pt", content, _use_new_zipfile_serialization=zipped),
        rf"beside weights it holds '{os.mkdir.__module__}\.mkdir', which would have to be run",
    )
    (tmp_path / "b.pt").write_bytes(pickle.dumps(Hostile(mark)))
    refused(tmp_path / "b.pt", "beside weights it holds|is not a checkpoint")
    assert not mark.exists()


def test_the_hostile_file_is_hostile(tmp_path: Path) -> None:
    pickle.loads(pickle.dumps(Hostile(tmp_path / "ran")))
    assert (tmp_path / "ran").exists()


def test_objects_beside_the_weights_are_refused_by_name(tmp_path: Path) -> None:
    content = {"state_dict": STATE, "args": argparse.Namespace(lr=0.1)}
    refused(saved(tmp_path / "a.pt", content), r"'argparse\.Namespace'.*Save the network's state")


@pytest.mark.parametrize("share", [0.0, 0.02, 0.3, 0.7, 0.95, 0.999])
@pytest.mark.parametrize("kind", ["zip", "old", "safetensors"])
def test_half_a_file_is_refused(tmp_path: Path, kind: str, share: float) -> None:
    path = tmp_path / ("a.safetensors" if kind == "safetensors" else "a.pt")
    if kind == "safetensors":
        save_file(STATE, path)
    else:
        saved(path, STATE, _use_new_zipfile_serialization=kind == "zip")
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    refused(path, "is not a checkpoint of torch or safetensors, or it is damaged: copy it again")


@pytest.mark.parametrize("name", ["a.pt", "a.safetensors"])
@pytest.mark.parametrize(
    "content", [b"not a checkpoint\n", b"\x80\x02.", b"PK\x03\x04" * 9, b"\xff" * 99, b"[]"]
)
def test_something_else_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    refused(tmp_path / name, "is not a checkpoint")


def test_a_tensor_alone_is_no_state_dict(tmp_path: Path) -> None:
    refused(saved(tmp_path / "a.pt", torch.ones(2)), "holds Tensor, not weights")


def test_a_file_that_is_too_large_is_not_opened(tmp_path: Path) -> None:
    with open(tmp_path / "a.pt", "wb") as file:
        file.truncate(3 << 30)  # takes no room
    refused(tmp_path / "a.pt", "holds 3.0 GiB, 1 GiB are allowed")


def test_an_archive_that_unpacks_to_too_much_is_not_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "MAX_BYTES", 1 << 16)
    with zipfile.ZipFile(tmp_path / "a.pt", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/data.pkl", bytes(1 << 20))
    assert (tmp_path / "a.pt").stat().st_size < 1 << 14
    refused(tmp_path / "a.pt", "are allowed")


def test_a_tensor_larger_than_its_file_takes_no_memory(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.pt", {"stream.A": torch.zeros(1).expand(1 << 40, 1, 1)})
    assert path.stat().st_size < 1 << 12
    with pytest.raises(CheckpointError, match="more than the"):
        convert("msgcn", read_state(path))
