"""Every check x every network."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from kinestream.models import NETWORKS
from tests.contracts.checks import CHECKS
from tests.contracts.zoo import CASES, Case


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
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
