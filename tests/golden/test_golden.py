"""The reference numbers of others: every case that a folder holds and that this project knows.

``pytest tests/golden --golden DIR`` reads ``DIR/manifest.json``; cases of a kind that is not built
yet are skipped by name.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.golden.cases import GoldenCase
from tests.golden.detection import pku_mmd_eval
from tests.golden.networks_pyskl import ctrgcn_unit, imported_network
from tests.golden.networks_staged import costgcn, msgcn, mstcn
from tests.golden.preprocessing import preprocess_2sagcn, preprocess_ctrgcn, preprocess_pyskl
from tests.golden.runners import graphs, metrics_segments, rtstgcn, tmse_loss

# The first prefix of a case's name decides.
RUNNERS: dict[str, Callable[[GoldenCase], None]] = {
    "graphs": graphs,
    "metrics_segments": metrics_segments,
    "pku_mmd_eval": pku_mmd_eval,
    "rtstgcn": rtstgcn,
    "tmse_loss": tmse_loss,
    "ctrgcn_official_unit": ctrgcn_unit,
    "ctrgcn": imported_network,
    "aagcn": imported_network,
    "dgstgcn": imported_network,
    "stgcnpp": imported_network,
    "stgcn": imported_network,
    "mstcn": mstcn,
    "msgcn": msgcn,
    "costgcn": costgcn,
    "preprocess_pyskl": preprocess_pyskl,
    "preprocess_ctrgcn": preprocess_ctrgcn,
    "preprocess_2sagcn": preprocess_2sagcn,
}


def test_golden(case: GoldenCase) -> None:
    for prefix, run in RUNNERS.items():
        if case.name == prefix or case.name.startswith(f"{prefix}_"):
            run(case)
            return
    pytest.skip(f"{case.name}: runs once the project has a pose network, and a runner for it here")
