"""Features: numpy only, causal, the same numbers for a whole clip and for live frames."""

from kinestream.features.feature import Feature
from kinestream.features.pipeline import FEATURES, Pipeline, check_finite
from kinestream.features.times import resample_times

__all__ = ["FEATURES", "Feature", "Pipeline", "check_finite", "resample_times"]
