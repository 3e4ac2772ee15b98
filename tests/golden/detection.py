"""Golden cases of detection: the script of PKU-MMD on proposals, with and without ties.

Legend: P proposals, S true segments.
"""

from __future__ import annotations

import numpy as np

from kinestream.metrics.curves import pku_curve
from kinestream.metrics.detection import evaluate_detections
from kinestream.metrics.matching import best_match, overlapping
from tests.golden.cases import GoldenCase


def pku_mmd_eval(case: GoldenCase) -> None:
    """All five figures and the curve behind AP, at every theta that the case holds."""
    arrays = case.arrays()
    proposals, truths = arrays["proposals"], arrays["ground_truth"]
    classes = range(1, int(case.about["settings"]["number_label"]))
    thetas = [float(key.removeprefix("result_theta")) for key in arrays if "result_theta" in key]
    assert thetas
    report = evaluate_detections(proposals, truths, classes, thetas=thetas)
    iou, best = best_match(overlapping(proposals, truths), len(proposals))
    by_confidence = np.lexsort((proposals[:, 0], proposals[:, 1], proposals[:, 4]))
    for theta in thetas:
        ours = [report.f1, report.ap, report.map_action, report.map_video]
        found = [figure[theta] for figure in ours] + [report.ap_2d]
        np.testing.assert_allclose(found, 100 * arrays[f"result_theta{theta}"], rtol=0, atol=1e-10)
        hits = np.where(iou >= theta, best, -1)[by_confidence]
        curve = np.stack(pku_curve(hits, len(truths)))
        np.testing.assert_allclose(curve, arrays[f"pr_curve_theta{theta}"], rtol=0, atol=1e-12)
