"""Figures of merit, in numpy alone. All scores are percent, 0 to 100."""

from kinestream.metrics.frames import (
    confusion_matrix,
    frame_accuracy,
    precision_recall,
    top_k_accuracy,
)
from kinestream.metrics.protocols import (
    PROTOCOLS,
    THRESHOLDS,
    Protocol,
    Report,
    evaluate,
    mean_f1,
    pooled_f1,
)
from kinestream.metrics.segments import (
    Counts,
    Run,
    best_overlaps,
    count_matches,
    edit_score,
    f1_score,
    levenshtein,
    runs,
)

__all__ = [
    "PROTOCOLS",
    "THRESHOLDS",
    "Counts",
    "Protocol",
    "Report",
    "Run",
    "best_overlaps",
    "confusion_matrix",
    "count_matches",
    "edit_score",
    "evaluate",
    "f1_score",
    "frame_accuracy",
    "levenshtein",
    "mean_f1",
    "pooled_f1",
    "precision_recall",
    "runs",
    "top_k_accuracy",
]
