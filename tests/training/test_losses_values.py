"""Value and gradient of every term, against loops over its formula and finite differences.

Legend: C channels, T frames, V joints, M people, K classes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import pytest
import torch
from tests.training import naive_losses as naive
from torch import Tensor

from kinestream.metrics import evaluate
from kinestream.training.losses.boundary import Boundary
from kinestream.training.losses.class_weights import balanced_weights
from kinestream.training.losses.compactness import Compactness
from kinestream.training.losses.contrastive import Contrastive
from kinestream.training.losses.cross_entropy import CrossEntropy
from kinestream.training.losses.embeddings import chosen
from kinestream.training.losses.focal import Focal
from kinestream.training.losses.gaussian_similarity import GaussianSimilarity
from kinestream.training.losses.loss import Loss
from kinestream.training.losses.segmental_f1 import SegmentalF1
from kinestream.training.losses.term import BatchTerm, FrameTerm, Stretch
from kinestream.training.losses.triplet import Triplet
from kinestream.training.losses.truncated_mse import TruncatedMSE

CLASSES = 4
WEIGHTS = [0.5, 2.0, 0.0, 1.25]

Naive = Callable[[naive.Batch, naive.Batch, list[naive.Labels], naive.Batch], float]


class Case(NamedTuple):
    """A term and the same in loops, of logits, fixed logits, labels and inputs."""

    name: str
    term: FrameTerm | BatchTerm
    naive: Naive

    def __str__(self) -> str:
        return self.name


ONES = [1.0] * CLASSES
W = torch.tensor(WEIGHTS)
CASES = [
    Case("ce", CrossEntropy(), lambda z, f, y, x: naive.cross_entropy(z, y, ONES, 0)),
    Case("ce-w", CrossEntropy(W), lambda z, f, y, x: naive.cross_entropy(z, y, WEIGHTS, 0)),
    Case(
        "ce-smooth",
        CrossEntropy(W, 0.3),
        lambda z, f, y, x: naive.cross_entropy(z, y, WEIGHTS, 0.3),
    ),
    Case("focal", Focal(), lambda z, f, y, x: naive.focal(z, y, ONES, 2)),
    Case("focal-w", Focal(W, 0.5), lambda z, f, y, x: naive.focal(z, y, WEIGHTS, 0.5)),
    Case("tmse", TruncatedMSE(), lambda z, f, y, x: naive.truncated_mse(z, f, 4)),
    Case("tmse-cut", TruncatedMSE(1.0), lambda z, f, y, x: naive.truncated_mse(z, f, 1)),
    Case(
        "gaussian",
        GaussianSimilarity(1.5, 2.0),
        lambda z, f, y, x: naive.gaussian_similarity(z, f, x, 1.5, 2),
    ),
    Case("boundary", Boundary(), lambda z, f, y, x: naive.boundary(z, y, 1)),
    Case("boundary-w", Boundary(7.0), lambda z, f, y, x: naive.boundary(z, y, 7)),
    Case("compactness", Compactness(), lambda z, f, y, x: naive.compactness(z, y)),
    Case("triplet", Triplet(), lambda z, f, y, x: naive.triplet(z, y, 0.2, 512)),
    Case("triplet-few", Triplet(1.0, 8), lambda z, f, y, x: naive.triplet(z, y, 1, 8)),
    Case("contrastive", Contrastive(), lambda z, f, y, x: naive.contrastive(z, y, 0.1, 512)),
    Case(
        "contrastive-few", Contrastive(0.5, 8), lambda z, f, y, x: naive.contrastive(z, y, 0.5, 8)
    ),
    Case("f1", SegmentalF1(), lambda z, f, y, x: naive.segmental_f1(z, y, ())),
    Case("f1-background", SegmentalF1([1]), lambda z, f, y, x: naive.segmental_f1(z, y, (1,))),
]
# What is a constant in these is not one to a numeric derivative.
ALL_REACHED = [case for case in CASES if not isinstance(case.term, TruncatedMSE)]


def batch(seed: int) -> tuple[list[Tensor], list[Tensor], list[Tensor]]:
    """Logits, labels with runs and gaps, inputs: of two recordings and one of a single frame."""
    rng = np.random.default_rng(seed)
    z, y, x = [], [], []
    for frames in (11, 8, 1):
        z.append(torch.from_numpy(rng.normal(0, 2, (CLASSES, frames))))
        runs = np.repeat(rng.integers(0, CLASSES, frames), rng.integers(1, 4, frames))[:frames]
        runs[rng.random(frames) < 0.15] = -1
        y.append(torch.from_numpy(runs))
        x.append(torch.from_numpy(rng.normal(0, 0.5, (2, frames, 3, 2))))
    return z, y, x


def value(
    term: FrameTerm | BatchTerm, z: Sequence[Tensor], y: Sequence[Tensor], x: Sequence[Tensor]
) -> Tensor:
    """The term of whole recordings."""
    loss = Loss([(1.0, term)])
    if loss.of_batch:
        return loss.whole(z, y)
    counts = loss.counts(y, CLASSES)
    parts = [loss.part(Stretch(*three), counts) for three in zip(z, y, x, strict=True)]
    return torch.stack(parts).sum()


def numbers(tensors: Sequence[Tensor]) -> list[np.ndarray]:
    return [tensor.detach().numpy().copy() for tensor in tensors]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_value_is_that_of_the_formula(case: Case) -> None:
    for seed in range(8):
        z, y, x = batch(seed)
        truth = case.naive(numbers(z), numbers(z), numbers(y), numbers(x))
        assert float(value(case.term, z, y, x)) == pytest.approx(truth, rel=1e-11, abs=1e-13)
        assert truth != 0


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_gradient_is_that_of_the_formula(case: Case) -> None:
    z, y, x = batch(3)
    leaves = [logits.clone().requires_grad_() for logits in z]
    found = torch.autograd.grad(value(case.term, leaves, y, x), leaves, materialize_grads=True)
    moved, fixed, labels, inputs = numbers(z), numbers(z), numbers(y), numbers(x)
    step = 1e-6
    for logits, slope in zip(moved, found, strict=True):
        for place in np.ndindex(logits.shape):
            kept = logits[place]
            sides = []
            for shift in (step, -step):
                logits[place] = kept + shift
                sides.append(case.naive(moved, fixed, labels, inputs))
            logits[place] = kept
            numeric = (sides[0] - sides[1]) / (2 * step)
            assert float(slope[place]) == pytest.approx(numeric, abs=1e-6, rel=1e-6)
    assert any(slope.abs().max() > 1e-4 for slope in found)


@pytest.mark.parametrize("case", ALL_REACHED, ids=str)
def test_gradients_agree_with_the_value(case: Case) -> None:
    z, y, x = batch(5)
    leaves = tuple(logits.clone().requires_grad_() for logits in z)
    assert torch.autograd.gradcheck(lambda *logits: value(case.term, logits, y, x), leaves)


def test_the_earlier_frame_of_a_pair_is_a_constant() -> None:
    z = torch.tensor([[0.0, 1.0], [0.0, 0.0]], dtype=torch.float64, requires_grad=True)
    y, x = torch.tensor([0, 0]), torch.zeros(1, 2, 1, 1)
    value(TruncatedMSE(), [z], [y], [x]).backward()  # type: ignore[no-untyped-call]
    assert z.grad is not None
    assert (z.grad[:, 0] == 0).all() and (z.grad[:, 1] != 0).any()


@pytest.mark.parametrize("case", CASES, ids=str)
def test_unlabelled_recordings_teach_nothing_but_smoothness(case: Case) -> None:
    z, _, x = batch(0)
    leaves = [logits.clone().requires_grad_() for logits in z]
    unknown = [torch.full((logits.shape[1],), -1) for logits in z]
    total = value(case.term, leaves, unknown, x)
    if isinstance(case.term, TruncatedMSE):
        assert total.detach() > 0
        return
    assert total.detach() == 0
    if total.requires_grad:
        slopes = torch.autograd.grad(total, leaves, materialize_grads=True)
        assert all((slope == 0).all() for slope in slopes)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_certainty_gives_numbers(case: Case) -> None:
    """Logits of 1,000, right and wrong, in float32: no infinity, no NaN."""
    _, y, x = batch(1)
    for turn in (0, 1):
        leaves = []
        for labels in y:
            logits = torch.zeros(CLASSES, len(labels))
            logits[(labels.clamp(min=0) + turn) % CLASSES, torch.arange(len(labels))] = 1000.0
            leaves.append(logits.requires_grad_())
        inputs = [one.float() for one in x]
        total = value(case.term, leaves, y, inputs)
        assert total.isfinite()
        slopes = torch.autograd.grad(total, leaves, materialize_grads=True)
        assert all(slope.isfinite().all() for slope in slopes)


def test_a_sure_and_wrong_boundary_is_pulled_open() -> None:
    """One minus the chance of the same class would be zero here, and its gradient too."""
    z = torch.tensor([[40.0, 40.0], [0.0, 0.0]], requires_grad=True)
    total = value(Boundary(), [z], [torch.tensor([0, 1])], [torch.zeros(1, 2, 1, 1)])
    total.backward()  # type: ignore[no-untyped-call]
    assert float(total.detach()) == pytest.approx(40 - np.log(2), rel=1e-6)
    assert z.grad is not None and z.grad.abs().max() > 0.4


def test_frames_without_a_partner_make_no_triplet() -> None:
    z, y, x = batch(2)
    one_class = [torch.zeros_like(labels) for labels in y]
    assert float(value(Triplet(4.0), z, one_class, x)) == 0
    lonely = torch.tensor([[1.0, 1.0, 0.0], [0.0, 0.1, 1.0]], dtype=torch.float64)
    labels = torch.tensor([0, 0, 1])
    e = (lonely / lonely.norm(dim=0)).T
    near, far = 2 - 2 * e[0] @ e[1], [2 - 2 * e[t] @ e[2] for t in (0, 1)]
    expected = sum(float(3 + near - d) for d in far) / 2  # the third frame is no anchor
    assert float(Triplet(3.0).value([lonely], [labels])) == pytest.approx(expected)


def test_hard_answers_have_the_soft_f1_of_their_segments() -> None:
    """Truth aaabbbbb, found aabbabbb: four segments found, two true."""
    truth = torch.tensor([0, 0, 0, 1, 1, 1, 1, 1])
    found = torch.tensor([0, 0, 1, 1, 0, 1, 1, 1])
    z = 1000.0 * torch.nn.functional.one_hot(found, 2).T.double()
    hits = 2 / 4 + 4 / 6
    assert float(SegmentalF1().value([z], [truth])) == pytest.approx(1 - 2 * hits / (4 + 2))


def test_flicker_costs_as_in_the_metric() -> None:
    truth = np.repeat([0, 1, 0], 12)
    flicker = truth.copy()
    flicker[[4, 17, 30]] = [1, 0, 1]
    late = np.roll(truth, 1)
    late[0] = 0
    soft, hard = [], []
    for found in (truth, late, flicker):
        z = torch.from_numpy(1000.0 * np.eye(2)[found].T)
        soft.append(float(SegmentalF1().value([z], [torch.from_numpy(truth)])))
        hard.append(1 - evaluate([found], [truth], 2).f1[50] / 100)
    assert soft[0] == 0 and hard[0] == 0
    assert soft[0] < soft[1] < soft[2] and hard[1] < hard[2]
    assert soft[2] == pytest.approx(hard[2], abs=0.1)


def test_frames_are_chosen_alike_of_every_class() -> None:
    labels = torch.tensor([0] * 100 + [1] * 3 + [2] * 40)
    frames = chosen(labels, 30)
    assert torch.bincount(labels[frames]).tolist() == [10, 3, 10]
    assert len(frames.unique()) == len(frames)
    assert frames[0] == 0 and frames[9] == 99 and frames[-1] == 142
    assert len(chosen(labels, 1000)) == 143
    assert len(chosen(labels, 4)) == 6  # never fewer than two of a class


def test_balanced_weights_make_classes_count_alike() -> None:
    labels = [torch.tensor([0, 0, 0, -1, 2]), torch.tensor([0, 2])]
    weights = balanced_weights(labels, 4)
    assert weights.tolist() == [0.75, 0, 1.5, 0]
    assert CrossEntropy(weights).count(torch.cat(labels), 4) == 6
