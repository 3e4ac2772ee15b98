"""The names that users see: all there, all found when first used, all explained."""

from __future__ import annotations

import ast
import importlib
import inspect
from pathlib import Path

import pytest

import kinestream


def test_all_is_the_sorted_table_of_lazy_names() -> None:
    assert kinestream.__all__ == sorted(kinestream._HOMES)
    assert dir(kinestream) == sorted([*kinestream.__all__, "__version__"])


def test_type_checkers_see_the_same_names_in_the_same_places() -> None:
    tree = ast.parse(Path(kinestream.__file__).read_text(encoding="utf-8"))
    (block,) = [node for node in tree.body if isinstance(node, ast.If)]
    seen = {}
    for node in block.body:
        assert isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names:
            assert alias.name == alias.asname
            seen[alias.name] = node.module.removeprefix("kinestream.")
    assert seen == kinestream._HOMES


@pytest.mark.parametrize("name", kinestream.__all__)
def test_every_name_is_found_and_explained(name: str) -> None:
    found = getattr(kinestream, name)
    home = importlib.import_module(f"kinestream.{kinestream._HOMES[name]}")
    assert found is getattr(home, name)
    text = inspect.getdoc(found)
    assert text
    first = text.splitlines()[0]
    assert first.endswith((".", ":")), f"{name}: {first}"
    assert not text.startswith(f"{name}("), f"{name} has only the docstring of its dataclass"
    if inspect.isclass(found):
        for method, value in inspect.getmembers(found, inspect.isfunction):
            if not method.startswith("_"):
                assert inspect.getdoc(value), f"{name}.{method} is not explained"


def test_names_are_what_the_design_promises() -> None:
    assert {"load", "run", "recognise", "Bundle", "Clip", "Skeleton", "Stream", "Timeline"} <= set(
        kinestream.__all__
    )


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'kinestream' has no attribute 'recognize'"):
        _ = kinestream.recognize


def test_the_version_is_that_of_the_distribution() -> None:
    from importlib import metadata

    assert kinestream.__version__ == metadata.version("kinestream")
