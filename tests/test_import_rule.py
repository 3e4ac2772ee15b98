"""Who may import whom, and what importing Kinestream must not load."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import kinestream

ROOT = Path(kinestream.__file__).parent

# A module may import the layers before its own, and its own. Modules of one layer that are not
# packages of one another may do so too: a cycle between them is caught below.
LAYERS = (
    {"errors", "extras", "memory", "cells"},
    {"files", "config", "skeletons"},
    {"clips", "metrics"},
    {"timeline", "formats"},
    {"features"},
    {"datasets", "models", "streaming", "manifest"},
    {"bundle"},
    {"recognition"},
    {"training", "export", "pose"},
    {"importing", "cluster", "benchmarking"},
    {"serving", "viz", "cli"},
)
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}
TORCH_FREE = {"streaming", "features", "metrics", "formats", "serving", "cli", "bundle"}
TORCH_FREE |= {
    "recognition",
    "errors",
    "extras",
    "memory",
    "cells",
    "files",
    "config",
    "skeletons",
    "clips",
}
TORCH_FREE |= {"timeline", "datasets", "manifest", "viz", "cluster"}
HEAVY = {
    "torch",
    "continual",
    "onnx",
    "onnxscript",
    "av",
    "matplotlib",
    "scipy",
    "fastapi",
    "tensorboard",
    "submitit",
}


def modules() -> list[Path]:
    return sorted(ROOT.rglob("*.py"))


def part_of(path: Path) -> str:
    """The room a file belongs to: ``bundle`` for bundle.py, ``models`` for models/temporal/sum.py."""
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imported(tree: ast.Module, package: str) -> Iterator[str]:
    """Absolute names that a module imports when it is imported."""
    for node in at_import(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1]
            base = ".".join([*above, *filter(None, [node.module])]) if node.level else node.module
            assert base is not None
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def at_import(node: ast.AST) -> Iterator[ast.AST]:
    """What runs at import: not the inside of functions, nor what only type checkers see."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test):
            for other in child.orelse:
                yield from (other, *at_import(other))
            continue
        yield child
        yield from at_import(child)


def imports_of(path: Path) -> set[str]:
    package = ".".join(["kinestream", *path.relative_to(ROOT).parts[:-1]])
    return set(imported(ast.parse(path.read_text(encoding="utf-8")), package))


def ours(names: set[str]) -> set[str]:
    """The rooms of ours among imported names."""
    found = {name.split(".")[1] for name in names if name.startswith("kinestream.")}
    return {name for name in found if name in LEVEL}


def broken(path: Path) -> set[str]:
    """Rooms that a file imports although it must not."""
    part = part_of(path)
    return {other for other in ours(imports_of(path)) if LEVEL[other] > LEVEL[part]}


def test_the_tree_has_no_room_without_a_layer() -> None:
    rooms = {part_of(path) for path in modules()} - {"__init__", "__main__"}
    assert rooms <= set(LEVEL)


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_imports_no_layer_above_its_own(path: Path) -> None:
    if part_of(path) in LEVEL:
        assert not broken(path)
        heavy = {name.partition(".")[0] for name in imports_of(path)} & HEAVY
        if part_of(path) in TORCH_FREE:
            assert not heavy
        assert heavy <= {"torch"}  # everything else that is optional comes in functions


def test_rooms_do_not_import_each_other_in_circles() -> None:
    needs: dict[str, set[str]] = {}
    for path in modules():
        needs.setdefault(part_of(path), set()).update(ours(imports_of(path)) - {part_of(path)})
    done: set[str] = set()
    while ready := {part for part in needs if part not in done and needs[part] <= done}:
        done |= ready
    assert not set(needs) - done


def test_the_package_itself_imports_nothing_of_ours() -> None:
    assert not ours(imports_of(ROOT / "__init__.py"))
    assert not any(name.startswith("kinestream") for name in imports_of(ROOT / "__init__.py"))


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import torch", {"torch"}),
        ("if True:\n    import torch", {"torch"}),
        ("try:\n    import torch\nexcept ImportError:\n    pass", {"torch"}),
        ("class A:\n    import torch", {"torch"}),
        ("with a:\n    from torch import nn", {"torch", "torch.nn"}),
        ("def f():\n    import torch", set()),
        ("class A:\n    def f(self):\n        import torch", set()),
        ("if TYPE_CHECKING:\n    import torch", set()),
        ("if typing.TYPE_CHECKING:\n    import torch\nelse:\n    import av", {"av"}),
        ("from kinestream import bundle", {"kinestream", "kinestream.bundle"}),
        ("from . import sum", {"kinestream.models", "kinestream.models.sum"}),
        ("from ..bundle import load", {"kinestream.bundle", "kinestream.bundle.load"}),
    ],
)
def test_the_reader_of_imports_sees_what_runs(source: str, found: set[str]) -> None:
    assert set(imported(ast.parse(source), "kinestream.models")) == found


def test_the_rule_can_be_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[__name__], "ROOT", tmp_path)
    (tmp_path / "features").mkdir()
    low = tmp_path / "features" / "centre.py"
    low.write_text("from kinestream.streaming import Stream\nfrom kinestream.clips import Clip\n")
    assert broken(low) == {"streaming"}


def loaded_by(statement: str) -> set[str]:
    """Top-level packages in memory after a statement, in a fresh interpreter."""
    code = f"{statement}\nimport sys\nprint(*sorted({{m.partition('.')[0] for m in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


@pytest.mark.parametrize(
    ("statement", "unwanted"),
    [
        ("import kinestream", HEAVY | {"onnxruntime", "numpy", "pydantic", "yaml", "rich"}),
        ("import kinestream; kinestream.Clip; kinestream.skeleton", HEAVY | {"onnxruntime"}),
        ("import kinestream.recognition", HEAVY),
        ("import kinestream.bundle", HEAVY),
        ("import kinestream as ks; [getattr(ks, name) for name in ks.__all__]", HEAVY),
        ("import kinestream.cli", HEAVY | {"onnxruntime", "numpy", "pydantic"}),
        ("import kinestream.viz", HEAVY),
        ("import kinestream.benchmarking.report", HEAVY),
        ("import kinestream.datasets", HEAVY | {"onnxruntime"}),
        ("import kinestream.training.config, kinestream.training.run_folder", HEAVY),
    ],
)
def test_importing_stays_light(statement: str, unwanted: set[str]) -> None:
    assert not loaded_by(statement) & unwanted


def test_a_light_import_is_told_from_a_heavy_one() -> None:
    assert "numpy" in loaded_by("import kinestream; kinestream.Clip")
    assert "onnxruntime" in loaded_by("import kinestream.recognition")
