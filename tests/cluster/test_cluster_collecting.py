"""Backups are whole, prove it, and belong to one run."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from kinestream.cluster import collecting
from kinestream.cluster.collecting import collect
from kinestream.cluster.submission import ClusterFolder, Submission
from kinestream.errors import CheckpointError, ConfigError, DataError, MissingFileError
from tests.cluster.trainee import save

Submitted = Callable[..., tuple[ClusterFolder, Submission]]


@pytest.fixture
def folder(submitted: Submitted, slurm: Path) -> ClusterFolder:
    """A run with two checkpoints, and one that was best."""
    folder, _ = submitted(executor="slurm")
    run = folder.run
    (run / "checkpoints" / "best_valid").mkdir(parents=True)
    for name in ("epoch-00003", "epoch-00003-step-000007", "best_valid/epoch-00002"):
        save(run / "checkpoints" / f"{name}.safetensors", name.encode() * 100)
    (run / "metrics.jsonl").write_text('{"epoch": 3}\n')
    (run / "test" / "test").mkdir(parents=True)
    (run / "test" / "test" / "report.json").write_text("{}")
    (run / "curves.png").symlink_to("/etc/hostname")
    return folder


def names(target: Path) -> set[str]:
    return {p.relative_to(target).as_posix() for p in target.rglob("*") if p.is_file()}


def test_what_is_kept(folder: ClusterFolder, tmp_path: Path) -> None:
    target = collect(folder, tmp_path / "backup" / "deep")
    assert target == tmp_path / "backup" / "deep" / "tiny"
    assert names(target) == {
        "SHA256SUMS",
        "metrics.jsonl",
        "checkpoints/epoch-00003-step-000007.safetensors",
        "checkpoints/epoch-00003-step-000007.json",
        "checkpoints/best_valid/epoch-00002.safetensors",
        "checkpoints/best_valid/epoch-00002.json",
        "test/test/report.json",
        "cluster/config.yaml",
        "cluster/submission.json",
        "cluster/jobs/4711_submission.sh",
    }
    check = ["sha256sum", "--check", "--quiet", "SHA256SUMS"]
    assert subprocess.run(check, cwd=target, check=False).returncode == 0
    for name in names(target) - {"SHA256SUMS"}:
        assert (target / name).read_bytes() == (folder.run / name).read_bytes()


def test_a_later_backup_takes_the_place_of_an_earlier_one(
    folder: ClusterFolder, tmp_path: Path
) -> None:
    target = collect(folder, tmp_path / "backup")
    save(folder.run / "checkpoints" / "epoch-00004.safetensors", b"new")
    (folder.run / "metrics.jsonl").unlink()
    assert collect(folder, tmp_path / "backup") == target
    assert "checkpoints/epoch-00004.safetensors" in names(target)
    assert "metrics.jsonl" not in names(target)
    assert [path.name for path in (tmp_path / "backup").iterdir()] == ["tiny"]


def test_a_damaged_checkpoint_is_passed_over(folder: ClusterFolder, tmp_path: Path) -> None:
    newest = folder.run / "checkpoints" / "epoch-00003-step-000007.safetensors"
    newest.write_bytes(newest.read_bytes()[:-1])
    kept = names(collect(folder, tmp_path / "backup"))
    assert "checkpoints/epoch-00003.safetensors" in kept
    assert not any("000007" in name for name in kept)
    (folder.run / "checkpoints" / "epoch-00003.json").unlink()
    before = names(tmp_path / "backup" / "tiny")
    with pytest.raises(CheckpointError, match="no checkpoint in .* is whole"):
        collect(folder, tmp_path / "backup")
    assert names(tmp_path / "backup" / "tiny") == before


def test_a_place_that_is_taken_is_left_alone(folder: ClusterFolder, tmp_path: Path) -> None:
    other = tmp_path / "backup" / "tiny"
    other.mkdir(parents=True)
    collect(folder, tmp_path / "backup")  # an empty folder is nobody's
    record = other / "cluster" / "submission.json"
    record.write_text(record.read_text().replace(folder.read().id, "f" * 32))
    before = names(other)
    with pytest.raises(ConfigError, match="something else than a backup"):
        collect(folder, tmp_path / "backup")
    record.unlink()
    with pytest.raises(ConfigError, match="something else than a backup"):
        collect(folder, tmp_path / "backup")
    assert names(other) == before - {"cluster/submission.json"}


@pytest.mark.parametrize("inside", [".", "checkpoints", ".."])
def test_a_run_is_no_backup_of_itself(folder: ClusterFolder, inside: str) -> None:
    with pytest.raises(ConfigError, match="lies in the run itself"):
        collect(folder, folder.run / inside)


def test_a_disk_that_lies_is_found_out(
    folder: ClusterFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = collecting.copy

    def lies(source: Path, target: Path) -> str:
        digest = real(source, target)
        if source.name == "metrics.jsonl":
            target.write_bytes(target.read_bytes()[:-1] + b"?")
        return digest

    monkeypatch.setattr(collecting, "copy", lies)
    with pytest.raises(DataError, match=r"metrics\.jsonl was not written as it was read"):
        collect(folder, tmp_path / "backup")
    assert not any((tmp_path / "backup").iterdir())


def test_a_run_that_was_never_submitted(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match="was not submitted"):
        collect(ClusterFolder(tmp_path), tmp_path / "backup")
