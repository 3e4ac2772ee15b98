"""From the section of a configuration to the loss.

Legend: K classes, T frames.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from torch import Tensor

from kinestream.training.losses.boundary import Boundary
from kinestream.training.losses.class_weights import balanced_weights
from kinestream.training.losses.compactness import Compactness
from kinestream.training.losses.contrastive import Contrastive
from kinestream.training.losses.cross_entropy import CrossEntropy
from kinestream.training.losses.focal import Focal
from kinestream.training.losses.gaussian_similarity import GaussianSimilarity
from kinestream.training.losses.loss import Loss
from kinestream.training.losses.segmental_f1 import SegmentalF1
from kinestream.training.losses.settings import CrossEntropySettings, FocalSettings, LossConfig
from kinestream.training.losses.term import BatchTerm, FrameTerm
from kinestream.training.losses.triplet import Triplet
from kinestream.training.losses.truncated_mse import TruncatedMSE


def make_loss(
    config: LossConfig,
    labels: Sequence[Tensor],
    num_classes: int,
    background: Collection[int] = (),
) -> Loss:
    """Build the terms of a configuration whose weight is above 0.

    Args:
        config: Names, weights and settings of the terms.
        labels: (T,) of every training recording: class weights are counted on them.
        num_classes: K.
        background: Classes that form no segments.
    """

    def weights(settings: CrossEntropySettings | FocalSettings) -> Tensor | None:
        balanced = settings.class_weights == "balanced"
        return balanced_weights(labels, num_classes) if balanced else None

    entropy, focal, likeness = config.cross_entropy, config.focal, config.gaussian_similarity
    triplet, contrastive = config.triplet, config.contrastive
    terms: list[tuple[float, FrameTerm | BatchTerm]] = [
        (entropy.weight, CrossEntropy(weights(entropy), entropy.label_smoothing)),
        (focal.weight, Focal(weights(focal), focal.focus)),
        (config.truncated_mse.weight, TruncatedMSE(config.truncated_mse.truncate)),
        (likeness.weight, GaussianSimilarity(likeness.sigma, likeness.truncate)),
        (config.boundary.weight, Boundary(config.boundary.positive_weight)),
        (config.compactness.weight, Compactness()),
        (triplet.weight, Triplet(triplet.margin, triplet.frames)),
        (contrastive.weight, Contrastive(contrastive.temperature, contrastive.frames)),
        (config.segmental_f1.weight, SegmentalF1(background)),
    ]
    return Loss([(weight, term) for weight, term in terms if weight > 0])
