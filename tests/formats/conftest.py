"""How many hostile inputs the formats are given."""

from __future__ import annotations

import pytest

DEFAULT = 2000


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--fuzz",
        type=int,
        default=DEFAULT,
        metavar="N",
        help="damaged inputs for each family of formats",
    )


@pytest.fixture
def fuzz(request: pytest.FixtureRequest) -> int:
    """Number of damaged inputs for each family of formats."""
    return int(request.config.getoption("--fuzz", default=DEFAULT))
