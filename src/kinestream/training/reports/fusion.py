"""Several runs that answer together: their probabilities are averaged.

Joints, bones and their movements are four looks at one recording. Networks trained on each alone err
in different places, so their mean errs less: the fusion of streams of 2s-AGCN (Shi et al., CVPR 2019)
and MS-AAGCN.

Legend: T frames, K classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from kinestream.errors import ConfigError
from kinestream.streaming import decode
from kinestream.training.reports.answers import Answer, RunAnswers


def fused(runs: Sequence[RunAnswers], shares: Sequence[float] = ()) -> RunAnswers:
    """The answers of several runs on the same recordings as those of one.

    Labels are decided with the margin of the first run, and its name, epoch and settings stand for all.

    Args:
        runs: Two or more.
        shares: What each of them counts, above 0; all alike unless given.

    Raises:
        ConfigError: The runs know other classes or give other kinds of answers, or there is not one
            share for each.
    """
    first = runs[0]
    for other in runs[1:]:
        if other.setup.classes != first.setup.classes or other.streams != first.streams:
            raise ConfigError(
                f"{other.name} cannot be fused with {first.name}: it has other classes, or one of "
                f"them labels frames and the other whole clips."
            )
    weights = np.array(list(shares) or [1.0] * len(runs), np.float64)
    if len(weights) != len(runs) or not (np.isfinite(weights) & (weights > 0)).all():
        raise ConfigError(
            f"{len(runs)} fused runs need as many shares above 0, the tested run first, got "
            f"{', '.join(f'{share:g}' for share in shares)}."
        )
    weights /= weights.sum()
    together = zip(*(run.answers for run in runs), strict=True)
    return replace(
        first,
        unknown=None,  # it was measured on the scores of one
        fused_with=tuple(run.name for run in runs[1:]),
        parameters=sum(run.parameters for run in runs),
        delay_frames=max(run.delay_frames for run in runs),
        answers=[_mean(answers, weights, first.config.decode.margin) for answers in together],
    )


def _mean(answers: Sequence[Answer], weights: NDArray[np.float64], margin: float) -> Answer:
    scores = sum(w * answer.scores for w, answer in zip(weights, answers, strict=True))
    whole = sum(w * answer.whole for w, answer in zip(weights, answers, strict=True))
    scores, whole = np.asarray(scores, np.float32), np.asarray(whole, np.float32)
    return answers[0]._replace(labels=decode(scores, margin), scores=scores, whole=whole)
