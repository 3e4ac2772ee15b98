"""Every term of the loss in plain loops over numbers, as its formula reads.

Legend: C channels, T frames, V joints, M people, K classes.

``z`` are the logits (K, T) of each recording, ``y`` its labels (T,), ``x`` its inputs (C, T, V, M).
``fixed`` are the logits that gradients do not reach, equal to ``z`` in value.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import exp, inf, log, sqrt

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Labels = NDArray[np.int64]
Batch = Sequence[Array]


def log_p(z: Array, t: int) -> list[float]:
    """Log-probabilities of frame t."""
    top = max(z[:, t])
    total = log(sum(exp(v - top) for v in z[:, t])) + top
    return [float(v) - total for v in z[:, t]]


def frames(z: Batch, y: Sequence[Labels]) -> Iterator[tuple[int, int]]:
    """Recording and frame of all that is labelled."""
    for n, labels in enumerate(y):
        for t, label in enumerate(labels):
            if label >= 0:
                yield n, t


def cross_entropy(z: Batch, y: Sequence[Labels], weights: Sequence[float], spread: float) -> float:
    above = below = 0.0
    for n, t in frames(z, y):
        of = log_p(z[n], t)
        above += (1 - spread) * weights[y[n][t]] * -of[y[n][t]]
        above += spread / len(of) * sum(w * -v for w, v in zip(weights, of, strict=True))
        below += weights[y[n][t]]
    return above / below


def focal(z: Batch, y: Sequence[Labels], weights: Sequence[float], focus: float) -> float:
    above = below = 0.0
    for n, t in frames(z, y):
        of = log_p(z[n], t)[y[n][t]]
        above += weights[y[n][t]] * (1 - exp(of)) ** focus * -of
        below += weights[y[n][t]]
    return above / below


def truncated_mse(z: Batch, fixed: Batch, truncate: float) -> float:
    return gaussian_similarity(z, fixed, None, inf, truncate)


def gaussian_similarity(
    z: Batch, fixed: Batch, x: Batch | None, sigma: float, truncate: float
) -> float:
    above = below = 0.0
    for n, logits in enumerate(z):
        for t in range(1, logits.shape[1]):
            moved = 0.0
            if x is not None:
                moved = sqrt(sum(float(v) ** 2 for v in (x[n][:, t] - x[n][:, t - 1]).flat))
            for now, before in zip(log_p(logits, t), log_p(fixed[n], t - 1), strict=True):
                above += exp(-moved / (2 * sigma**2)) * min((now - before) ** 2, truncate**2)
                below += 1
    return above / below


def boundary(z: Batch, y: Sequence[Labels], positive_weight: float) -> float:
    above = below = 0.0
    for n, t in frames(z, y):
        if t == 0 or y[n][t - 1] < 0:
            continue
        now, before = log_p(z[n], t), log_p(z[n], t - 1)
        change = 1 - sum(exp(a + b) for a, b in zip(now, before, strict=True))
        if y[n][t] != y[n][t - 1]:
            above -= positive_weight * log(change)
        else:
            above -= log(1 - change)
        below += 1
    return above / below


def compactness(z: Batch, y: Sequence[Labels]) -> float:
    of_class: dict[int, list[Array]] = {}
    for n, t in frames(z, y):
        of_class.setdefault(int(y[n][t]), []).append(z[n][:, t])
    total = count = 0.0
    for members in of_class.values():
        mean = sum(members) / len(members)
        for member in members:
            total += sum(float(v) ** 2 for v in member - mean)
            count += len(member)
    return total / count


def compared(z: Batch, y: Sequence[Labels], most: int) -> list[tuple[int, list[float]]]:
    """Label and direction of the frames that triplet and contrastive losses choose."""
    of_class: dict[int, list[Array]] = {}
    for n, t in frames(z, y):
        of_class.setdefault(int(y[n][t]), []).append(z[n][:, t])
    chosen = []
    each = max(most // len(of_class), 2)
    for label, members in of_class.items():
        if len(members) > each:
            members = [members[i * (len(members) - 1) // (each - 1)] for i in range(each)]
        for member in members:
            length = sqrt(sum(float(v) ** 2 for v in member))
            chosen.append((label, [float(v) / length for v in member]))
    return chosen


def triplet(z: Batch, y: Sequence[Labels], margin: float, most: int) -> float:
    chosen = compared(z, y, most)
    hinges = []
    for a, (label, e) in enumerate(chosen):
        apart = [
            (other == label, sum((u - v) ** 2 for u, v in zip(e, f, strict=True)))
            for b, (other, f) in enumerate(chosen)
            if b != a
        ]
        own, others = [d for same, d in apart if same], [d for same, d in apart if not same]
        if own and others:
            hinges.append(max(0.0, margin + max(own) - min(others)))
    return sum(hinges) / len(hinges)


def contrastive(z: Batch, y: Sequence[Labels], temperature: float, most: int) -> float:
    chosen = compared(z, y, most)
    terms = []
    for a, (label, e) in enumerate(chosen):
        likeness = [
            (other == label, exp(sum(u * v for u, v in zip(e, f, strict=True)) / temperature))
            for b, (other, f) in enumerate(chosen)
            if b != a
        ]
        total = sum(value for _, value in likeness)
        own = [-log(value / total) for same, value in likeness if same]
        if own:
            terms.append(sum(own) / len(own))
    return sum(terms) / len(terms)


def segmental_f1(z: Batch, y: Sequence[Labels], background: Sequence[int]) -> float:
    hits = predicted = 0.0
    true = 0
    for logits, labels in zip(z, y, strict=True):
        classes, length = logits.shape
        p = [
            [exp(v) for v in log_p(logits, t)] if labels[t] >= 0 else [0.0] * classes
            for t in range(length)
        ]
        for c in set(range(classes)) - set(background):
            for t in range(length):
                predicted += max(0.0, p[t][c] - (p[t - 1][c] if t else 0.0))
        start = 0
        while start < length:
            stop = start
            while stop < length and labels[stop] == labels[start]:
                stop += 1
            c, size = int(labels[start]), stop - start
            if c >= 0 and c not in background:
                inside = sum(p[t][c] for t in range(start, stop))
                around = [t for t in range(start - size, stop + size) if 0 <= t < length]
                outside = sum(p[t][c] for t in around if labels[t] != c)
                hits += inside / (size + outside)
                true += 1
            start = stop
    return 1 - 2 * hits / (predicted + true)
