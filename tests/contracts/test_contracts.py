"""Every check x every network."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import torch

from kinestream.models import NETWORKS
from tests.contracts.checks import CHECKS, check_onnx_equals_network
from tests.contracts.zoo import CASES, EXPORTED, OTHERS, Case


def cells() -> Iterator[object]:
    """Every check of every case; exporting takes seconds, so beyond the matrix only some are."""
    for check in CHECKS:
        for case in CASES:
            slow = check is check_onnx_equals_network and case in OTHERS
            marks = [pytest.mark.long] if slow and str(case) not in EXPORTED else []
            yield pytest.param(check, case, marks=marks, id=f"{check.__name__}-{case}")


@pytest.mark.parametrize(("check", "case"), list(cells()))
def test_contract(check: Callable[[Case], None], case: Case) -> None:
    if "grad" in check.__code__.co_names:
        check(case)
    else:
        with torch.no_grad():
            check(case)


def test_every_network_is_held() -> None:
    """Each, causal and centred, with either norm."""
    wanted = {
        f"{network}-{delay}-{norm}"
        for network in NETWORKS
        for delay in ("causal", "centred")
        for norm in ("batch", "layer")
    }
    assert wanted <= {str(case) for case in CASES}
