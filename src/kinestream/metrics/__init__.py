"""Figures of merit, in numpy alone. All scores are percent, 0 to 100."""

from kinestream.metrics.calibration import (
    CalibrationReport,
    Reliability,
    brier_score,
    evaluate_calibration,
    negative_log_likelihood,
    reliability,
)
from kinestream.metrics.detection import MODES, THETAS, DetectionReport, Mode, evaluate_detections
from kinestream.metrics.frames import (
    confusion_matrix,
    frame_accuracy,
    precision_recall,
    top_k_accuracy,
)
from kinestream.metrics.online import OnlineReport, OnlineScores, evaluate_online, labels_of_events
from kinestream.metrics.proposals import proposals_of
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
    run_table,
    runs,
)
from kinestream.metrics.temperature import best_temperature, softmax

__all__ = [
    "MODES",
    "PROTOCOLS",
    "THETAS",
    "THRESHOLDS",
    "CalibrationReport",
    "Counts",
    "DetectionReport",
    "Mode",
    "OnlineReport",
    "OnlineScores",
    "Protocol",
    "Reliability",
    "Report",
    "Run",
    "best_overlaps",
    "best_temperature",
    "brier_score",
    "confusion_matrix",
    "count_matches",
    "edit_score",
    "evaluate",
    "evaluate_calibration",
    "evaluate_detections",
    "evaluate_online",
    "f1_score",
    "frame_accuracy",
    "labels_of_events",
    "levenshtein",
    "mean_f1",
    "negative_log_likelihood",
    "pooled_f1",
    "precision_recall",
    "proposals_of",
    "reliability",
    "run_table",
    "runs",
    "softmax",
    "top_k_accuracy",
]
