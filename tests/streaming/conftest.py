"""How long streams are soaked."""

from __future__ import annotations

from pathlib import Path

import pytest

DEFAULT = 12_500


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--soak",
        type=int,
        default=DEFAULT,
        metavar="N",
        help="frames streamed in each regime of the endurance test",
    )
    parser.addoption(
        "--soak-out",
        type=Path,
        default=None,
        metavar="FILE",
        help="where its figures are written",
    )


@pytest.fixture
def soak(request: pytest.FixtureRequest) -> int:
    """Frames in each regime."""
    return int(request.config.getoption("--soak", default=DEFAULT))


@pytest.fixture
def soak_out(request: pytest.FixtureRequest) -> Path | None:
    """File for the figures, if they are wanted."""
    found: Path | None = request.config.getoption("--soak-out", default=None)
    return found
