"""The section ``loss`` of a configuration: terms by name, each with its weight."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class TermSettings(BaseModel):
    """A term; one that is not written has weight 0 and is left out."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    weight: float = Field(default=1, ge=0)


class CrossEntropySettings(TermSettings):
    """Cross-entropy of the labelled frames."""

    class_weights: Literal["none", "balanced"] = "none"
    """``balanced`` makes rare classes count as much as frequent ones."""
    label_smoothing: float = Field(default=0, ge=0, lt=1)
    """Share of the target that is spread over all classes."""


class FocalSettings(TermSettings):
    """Cross-entropy that cares less for what is already right."""

    class_weights: Literal["none", "balanced"] = "none"
    focus: float = Field(default=2, ge=0, le=10)
    """Power of one minus the probability of the true class; 0 is cross-entropy."""


class TruncatedMSESettings(TermSettings):
    """The log-probabilities of neighbours are pulled together."""

    weight: float = Field(default=0.15, ge=0)
    truncate: float = Field(default=4, gt=0)
    """Jumps of log-probability above this are not pulled together."""


class GaussianSimilaritySettings(TermSettings):
    """The same, where the inputs are alike."""

    sigma: float = Field(default=1, gt=0)
    """Width of the likeness."""
    truncate: float = Field(default=4, gt=0)


class BoundarySettings(TermSettings):
    """Neighbours differ where the labels change, and nowhere else."""

    weight: float = Field(default=0.1, ge=0)
    positive_weight: float = Field(default=1, gt=0)
    """How much more a pair counts whose label changes."""


class CompactnessSettings(TermSettings):
    """The logits of a class stay near their mean."""

    weight: float = Field(default=0.01, ge=0)


class TripletSettings(TermSettings):
    """The farthest of a frame's own class is nearer than the nearest of another."""

    weight: float = Field(default=0.1, ge=0)
    margin: float = Field(default=0.2, ge=0, le=4)
    """In squared distance of directions, which is 4 at most."""
    frames: int = Field(default=512, ge=4, le=2048)
    """Frames compared at most; memory grows with its square."""


class ContrastiveSettings(TermSettings):
    """Frames of one class point the same way."""

    weight: float = Field(default=0.1, ge=0)
    temperature: float = Field(default=0.1, ge=0.01)
    frames: int = Field(default=512, ge=4, le=2048)


class SegmentalF1Settings(TermSettings):
    """Whole segments are hit, and hit once."""

    weight: float = Field(default=0.1, ge=0)


class LossConfig(BaseModel):
    """Terms that are added up; by default cross-entropy and truncated smoothing."""

    model_config = ConfigDict(extra="forbid")

    cross_entropy: CrossEntropySettings = CrossEntropySettings()
    truncated_mse: TruncatedMSESettings = TruncatedMSESettings()
    focal: FocalSettings = FocalSettings(weight=0)
    gaussian_similarity: GaussianSimilaritySettings = GaussianSimilaritySettings(weight=0)
    boundary: BoundarySettings = BoundarySettings(weight=0)
    compactness: CompactnessSettings = CompactnessSettings(weight=0)
    triplet: TripletSettings = TripletSettings(weight=0)
    contrastive: ContrastiveSettings = ContrastiveSettings(weight=0)
    segmental_f1: SegmentalF1Settings = SegmentalF1Settings(weight=0)

    @model_validator(mode="after")
    def _something_teaches(self) -> Self:
        if not any(getattr(self, name).weight for name in type(self).model_fields):
            raise ValueError("every term has weight 0; give one of them a weight above 0.")
        return self
