"""How cases of published preprocessing are run; the names of their arrays say with which options.

Legend: N clips, M people, T frames, V joints, C channels.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from kinestream.features.published import agcn, ctrgcn, pyskl, pyskl_streams
from tests.golden.cases import GoldenCase, assert_close

Arrays = dict[str, np.ndarray]

# What is stored in float32, and what was turned in float64 from float32.
FP32 = 1e-5
FP64 = 1e-9

# Layouts whose third channel is a score, with the name that PYSKL has for the others.
LAYOUTS = {"ntu": "ntu", "nturgb+d": "ntu"}


def preprocess_pyskl(case: GoldenCase) -> None:
    """Every array that is not an input."""
    run = {"pre3d": _pre3d, "feat": _streams, "pre2d": _pre2d, "format": _format, "padto": _pad}
    _every(case, run)


def preprocess_ctrgcn(case: GoldenCase) -> None:
    """Crops, feeders and turns."""
    _every(case, {"crop": _crop, "feeder": _feeder, "rot": _turn})


def preprocess_2sagcn(case: GoldenCase) -> None:
    """Whole clips."""
    settings = case.about["settings"]
    arrays = case.arrays()
    for key in [key for key in arrays if key.endswith("__out")]:
        x = arrays[key.replace("__out", "__in")]
        made = agcn.pre_normalise(x, zaxis=tuple(settings["zaxis"]), xaxis=tuple(settings["xaxis"]))
        assert_close(made, arrays[key], FP32)


Run = Callable[[dict[str, Any], Arrays, str], bool]


def _every(case: GoldenCase, runs: Mapping[str, Run]) -> None:
    """Each array by the first word of its name; none may be left that nobody knows."""
    arrays, settings = case.arrays(), case.about["settings"]
    compared = [key for key in arrays if runs[key.partition("__")[0]](settings, arrays, key)]
    for group in {key.partition("__")[0] for key in arrays}:
        assert any(key.startswith(f"{group}__") for key in compared), f"no {group} was compared"


def _pre3d(settings: dict[str, Any], arrays: Arrays, key: str) -> bool:
    _, name, what = key.split("__")
    if what == "in":
        return False
    options: dict[str, Any] = dict(settings["pre3d_defaults"])
    if what == "out_nospine":
        options["align_spine"] = False
    elif what == "out_nocenter":
        options["align_center"] = False
    elif found := re.fullmatch(r"out_axes_(\d+)_(\d+)_(\d+)_(\d+)", what):
        a, b, c, d = (int(number) for number in found.groups())
        options |= {"zaxis": (a, b), "xaxis": (c, d)}
    made = pyskl.pre_normalise_3d(
        arrays[f"pre3d__{name}__in"],
        zaxis=tuple(options["zaxis"]),
        xaxis=tuple(options["xaxis"]),
        align_centre=options["align_center"],
        align_spine=options["align_spine"],
    )
    if what == "total_frames":
        assert made.total_frames == arrays[key]
    elif what == "body_center":
        assert made.body_centre is not None
        assert_close(made.body_centre, arrays[key], FP64)
    elif not arrays[key].any():
        np.testing.assert_array_equal(made.points, arrays[key])
    else:
        assert made.points.dtype == arrays[key].dtype
        assert_close(made.points, arrays[key], FP64 if arrays[key].dtype == np.float64 else FP32)
    return True


def _scored(arrays: Arrays, layout: str) -> np.ndarray:
    points = arrays[f"feat__{layout}__in"]
    score = arrays.get(f"feat__{layout}__score")
    return points if score is None else np.concatenate([points, score[..., None]], axis=-1)


def _streams(settings: dict[str, Any], arrays: Arrays, key: str) -> bool:
    _, layout, what = key.split("__")
    if what in ("in", "score"):
        return False
    made = pyskl_streams.streams(
        arrays[f"feat__{layout}__in"],
        LAYOUTS.get(layout, layout),
        what.split("+"),
        arrays.get(f"feat__{layout}__score"),
    )
    assert_close(made, arrays[key], FP32)
    return True


def _pre2d(settings: dict[str, Any], arrays: Arrays, key: str) -> bool:
    _, layout, mode = key.split("__")
    made = pyskl_streams.pre_normalise_2d(
        _scored(arrays, layout),
        tuple(settings["pre2d_fix_img_shape_h_w"]),
        mode=mode,
        threshold=settings["threshold"],
    )
    assert_close(made, arrays[key], FP32)
    return True


def _one_person(arrays: Arrays, like: tuple[int, ...]) -> np.ndarray:
    """The recording of one person that others were made of."""
    (found,) = [
        x for key, x in arrays.items()
        if key.startswith("pre3d__one_person") and key.endswith("__in") and x.shape[2:] == like
    ]  # fmt: skip
    return found


def _format(settings: dict[str, Any], arrays: Arrays, key: str) -> bool:
    truth = arrays[key]  # clip, M, T, V, C
    made = pyskl.format_gcn_input(
        _one_person(arrays, truth.shape[3:]),
        people=truth.shape[1],
        clips=truth.shape[0],
    )
    np.testing.assert_array_equal(made, truth)
    return True


def _pad(settings: dict[str, Any], arrays: Arrays, key: str) -> bool:
    truth = arrays[key]  # M, T, V, C
    x = _one_person(arrays, truth.shape[2:])
    np.testing.assert_array_equal(pyskl.pad_to(x, truth.shape[1], key.split("__")[1]), truth)
    return True


def _crop(settings: dict[str, Any], arrays: Arrays, key: str) -> bool:
    name, what = key.rsplit("__", 1)
    found = re.fullmatch(r"(?:center_p([\d.]+)|random(\d+))_w(\d+)", what)
    if found is None:
        assert what in ("in", "valid") or what.endswith("_p_len_bias"), key
        return False
    share, number, window = found.groups()
    x, valid = arrays[f"{name}__in"], int(arrays[f"{name}__valid"])
    if share is not None:
        made = ctrgcn.valid_crop_resize(x, valid, [float(share)], int(window))
    else:
        p, length, start = arrays[f"{name}__random{number}_p_len_bias"]
        assert ctrgcn.crop_length(valid, float(p)) == length
        assert 0 <= start <= valid - length
        made = ctrgcn.crop_resize(x, int(start), int(length), int(window))
    assert_close(made, arrays[key], FP32)
    return True


def _feeder(settings: dict[str, Any], arrays: Arrays, key: str) -> bool:
    _, what, *number = key.split("__")
    if not number:
        assert what in ("pairs_one_based", "valid_frame_num", "x_test"), key
        return False
    flat = arrays["feeder__x_test"][int(number[0])]  # (T, M * V * C)
    truth = arrays[key]  # (C, T, V, M)
    channels, _, joints, people = truth.shape
    x = flat.reshape(len(flat), people, joints, channels).transpose(3, 0, 2, 1)
    valid = ctrgcn.valid_frames(x)
    assert valid == arrays["feeder__valid_frame_num"][int(number[0])]
    options = settings["feeder"]
    made = ctrgcn.valid_crop_resize(x, valid, options["p_interval"], options["window_size"])
    joints_peak = np.abs(made).max()
    if "bone" in what:
        made = ctrgcn.bones(made, [(a - 1, b - 1) for a, b in arrays["feeder__pairs_one_based"]])
    if "vel" in what:
        made = ctrgcn.velocity(made)
    # A difference is as exact as what it is the difference of.
    assert_close(made, truth, FP32 * max(1.0, joints_peak / np.abs(truth).max()))
    return True


def _turn(settings: dict[str, Any], arrays: Arrays, key: str) -> bool:
    if not key.endswith("__out"):
        return False
    assert_close(ctrgcn.turn(arrays["rot__in"], arrays["rot__angles"]), arrays[key], FP32)
    return True
