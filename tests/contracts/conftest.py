"""Says how many promises were checked."""

from __future__ import annotations

import pytest

from tests.contracts.checks import CHECKS
from tests.contracts.zoo import CASES, MATRIX


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    passed = [r for r in terminalreporter.stats.get("passed", []) if "test_contract[" in r.nodeid]
    if passed:
        terminalreporter.write_line(
            f"contracts: {len(passed)} cells hold, of {len(CHECKS)} checks x {len(CASES)} networks "
            f"({len(MATRIX)} of them every network x causal, centred x batch, layer norm)"
        )
