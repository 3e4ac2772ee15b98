"""``--golden DIR``: run the cases of a folder of golden numbers, whichever it holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.golden.cases import GoldenSet

VISIBLE = Path(__file__).parents[3] / "shared" / "golden" / "visible"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--golden", type=Path, default=None, help="folder with manifest.json")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "case" not in metafunc.fixturenames:
        return
    folder: Path = metafunc.config.getoption("golden", None) or VISIBLE
    if (folder / "manifest.json").is_file():
        cases = GoldenSet(folder).cases()
        metafunc.parametrize("case", cases, ids=[case.name for case in cases])
    else:
        reason = f"no golden numbers in {folder.name}/: pass --golden DIR"
        metafunc.parametrize("case", [pytest.param(None, marks=pytest.mark.skip(reason=reason))])
