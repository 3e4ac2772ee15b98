"""One network on several processes: the numbers of one, however the work is divided."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.training.processes import finish, start
from tests.training.rank_gradients import CASES, gradients

from kinestream.training.ranks import Ranks


@pytest.mark.parametrize("size", [2, pytest.param(4, marks=pytest.mark.long)])
def test_gradients_are_those_of_one_process(size: int, tmp_path: Path) -> None:
    """Uneven shares, ranks with nothing to do, batch norms, chunks, and every loss term."""
    out = tmp_path / "found.npz"
    processes = start(["-m", "tests.training.rank_gradients", str(out)], size)
    assert finish(processes, seconds=120) == [0] * size
    with np.load(out) as found:
        pairs = zip(CASES, gradients(), (found[name] for name in found.files), strict=True)
        for case, truth, row in pairs:
            assert row[1:3].tolist() == truth[1:3].tolist(), case
            error = np.linalg.norm(row - truth) / np.linalg.norm(truth)
            assert error < 1e-12, case


def test_shares_are_even_and_leave_nothing_out() -> None:
    sizes = [100, 1, 1, 50, 49, 3]
    shares = Ranks(size=3).shares(sizes)
    assert sorted(place for share in shares for place in share) == list(range(6))
    loads = [sum(sizes[place] for place in share) for share in shares]
    assert max(loads) == 100
    assert Ranks(size=3).shares([5]) == [[0], [], []]


def test_a_mean_over_processes_is_caught(tmp_path: Path) -> None:
    """The broken twin averages what each process makes of its own share, as data parallel does."""
    from tests.training.rank_gradients import network_for
    from tests.training.recordings import gradient, trials_of
    from tests.training.test_losses_steps import F64, loss_named

    from kinestream.training.step import accumulate_gradients

    case = CASES[0]
    batch = trials_of(list(case.lengths), 0, F64)
    loss, means = loss_named("all", batch, F64), []
    for share in Ranks(size=2).shares(case.lengths):
        network = network_for(case)
        accumulate_gradients(network, loss, [batch[place] for place in share], 0)
        means.append(gradient(network))
    truth = next(gradients())[3:]
    naive = (means[0] + means[1]).numpy() / 2
    assert np.linalg.norm(naive - truth) / np.linalg.norm(truth) > 1e-2
