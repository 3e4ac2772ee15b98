"""The picture of what generated people do.

    python docs/pictures/actions.py --out docs/actions.png

Six moments of each action, evenly over it, of people with different bodies; no noise. Left blue,
right orange. Sitting people have no chair, and every strip has the floor under it.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

import kinestream as ks
from kinestream.clips import Clip
from kinestream.datasets.synthetic import ACTIONS, PAIR_ACTIONS, Variation
from kinestream.viz.canvas import NORMAL, SMALL, new_figure, place, save_figure, write
from kinestream.viz.colours import FAINT
from kinestream.viz.skeleton import draw_people, project

SHOWN, COLUMNS = 6, 3
STRIP_IN, HEIGHT_IN, HEAD_IN, MARGIN_IN = 3.0, 0.97, 0.32, 0.1
APART_M, APART_PAIR_M, TALL_M = 1.12, 1.72, 2.3
COLOURS = 48
FACING, SIDE = 20.0, 72.0
FROM_THE_SIDE = {
    *("walk", "run", "step_back", "march", "limp", "shuffle", "freeze", "sit_down", "stand_up"),
    *("fall", "lie_down", "get_up", "pick_up", "bow", "squat", "lunge", "jump", "kick", "punch"),
    *("throw", "push", "drink", "check_watch"),
}
# Two people walk so far that their beginnings and ends are left out.
PAIRS = ("shake_hands", "high_five", "hand_over", "push")


def main() -> None:
    """Draw and write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("docs/actions.png"))
    out = save_figure(picture(), parser.parse_args().out)
    with Image.open(out) as drawn:
        few = drawn.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    few.save(out, optimize=True)  # a third of the bytes


def picture() -> Figure:
    """A strip for each action."""
    alone = [(name, clip_of(name, k)) for k, name in enumerate(ACTIONS)]
    meeting = [(name, pair_of(name)) for name in PAIRS if name in PAIR_ACTIONS]
    rows = -(-len(alone) // COLUMNS) + -(-len(meeting) // 2)
    figure = new_figure(COLUMNS * STRIP_IN + 2 * MARGIN_IN, rows * (HEIGHT_IN + HEAD_IN) + 0.12)
    for k, (name, clip) in enumerate(alone):
        strip(figure, name, clip, k // COLUMNS, k % COLUMNS, COLUMNS, APART_M)
    first = -(-len(alone) // COLUMNS)
    for k, (name, clip) in enumerate(meeting):
        strip(figure, f"{name}, two people", clip, first + k // 2, k % 2, 2, APART_PAIR_M)
    return figure


def clip_of(name: str, seed: int) -> Clip:
    """One action of one person, without noise, from a camera at the height of the hips."""
    yaw = SIDE if name in FROM_THE_SIDE else FACING
    return ks.generate(
        "everyday",
        seed + 20,
        skeleton="kinect20",
        actions=[name],
        trimmed=True,
        noise=0.0,
        variation=seen_from(yaw),
    )


def pair_of(name: str) -> Clip:
    """One action of two people, seen from beside them as far as chance allows."""
    clips = [
        ks.generate(
            "everyday",
            seed,
            skeleton="kinect20",
            actions=[name],
            people=2,
            trimmed=True,
            noise=0.0,
            variation=seen_from(0.0),
        )
        for seed in range(12)
    ]
    return max(clips, key=apart)


def apart(clip: Clip) -> float:
    """How far two people are from each other on paper, in the middle of a clip."""
    points = project(clip, [clip.num_frames // 2], None)[0]  # (V, M, 2)
    return float(abs(np.diff(points[..., 0].mean(axis=0))[0]))


def seen_from(yaw: float) -> Variation:
    """A level camera at one place around the room."""
    return Variation(
        camera_yaw_deg=(yaw, yaw), camera_height_m=(0.9, 0.9), camera_distance_m=(6.0, 6.0)
    )


def strip(
    figure: Figure, name: str, clip: Clip, row: int, column: int, columns: int, apart_m: float
) -> None:
    """Moments of one clip side by side on one floor."""
    width = COLUMNS * STRIP_IN / columns
    left, top = MARGIN_IN + column * width, row * (HEIGHT_IN + HEAD_IN)
    write(figure, left + 0.04, top + 0.1, name, NORMAL, weight="bold")
    write(figure, left + width - 0.2, top + 0.12, f"{clip.duration_s:.1f} s", SMALL, ha="right")
    axes = place(figure, left, top + HEAD_IN, width - 0.15, HEIGHT_IN)
    shown = SHOWN
    frames = np.linspace(0.04, 0.96, shown) * (clip.num_frames - 1)
    points = project(clip, [round(f) for f in frames], None)  # (F, V, M, 2)
    floor = float(points[..., 1].min())
    for k in range(shown):
        draw_people(axes, clip, points[k] + np.array([k * apart_m, -floor]))
    axes.axhline(0, color=FAINT, linewidth=0.6, zorder=0)
    axes.set(xlim=(-0.62 * apart_m, (shown - 0.38) * apart_m), ylim=(-0.06, TALL_M))
    axes.set_aspect("equal", adjustable="box")
    axes.set_axis_off()


if __name__ == "__main__":
    main()
