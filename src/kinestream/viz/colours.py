"""One colour for each class, the same in every picture."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

# The first seven are those of Okabe and Ito (Color Universal Design, 2008) without black. Each of
# the others is the one farthest from all before it in OKLab, seen with normal vision and through
# the protanopia and deuteranopia of Machado et al. (IEEE TVCG 2009), at moderate chroma.
PALETTE = (
    *("#0072B2", "#E69F00", "#009E73", "#D55E00", "#56B4E9", "#CC79A7"),
    *("#F0E442", "#69001E", "#1E2D78", "#5A5A3C", "#1EE1B4", "#A53C78"),
    *("#8778E1", "#96B487", "#5A3C96", "#69E1FF", "#004B4B", "#FFC378"),
    *("#965A00", "#782D69", "#782D00", "#69785A", "#96F0C3", "#5A0F5A"),
    *("#B4964B", "#96C3D2", "#697896", "#8796C3", "#785A96", "#D2C33C"),
    *("#9696FF", "#78872D", "#1E6969", "#C37869", "#963C1E", "#FFB4A5"),
    *("#870F3C", "#F09669", "#3C87C3", "#C396A5", "#3C5AB4", "#5A9696"),
    *("#874B5A", "#2DF0E1", "#87C3FF", "#D2E1A5", "#1E4B78", "#1E783C"),
    *("#966978", "#E1B478", "#D296D2", "#FF9696", "#5A96E1", "#D28700"),
    *("#4BB4C3", "#E16987", "#B45A5A", "#B469B4", "#5A1E3C", "#96B45A"),
)
BACKGROUND = "#DADADA"
UNLABELLED: dict[str, Any] = {"facecolor": "#F4F4F4", "edgecolor": "#B0B0B0", "hatch": "////"}
INK = "#222222"
FAINT = "#8A8A8A"


def class_colour(index: int, background: Collection[int] = ()) -> str:
    """Colour of a class as ``#RRGGBB``; background classes are light grey.

    The palette starts again after 60 classes.

    >>> class_colour(0), class_colour(60), class_colour(0, background=(0,))
    ('#0072B2', '#0072B2', '#DADADA')
    """
    return BACKGROUND if index in background else PALETTE[index % len(PALETTE)]


def rgb(colour: str) -> tuple[float, float, float]:
    """``#RRGGBB`` as three shares from 0 to 1.

    >>> rgb("#FF0033")
    (1.0, 0.0, 0.2)
    """
    red, green, blue = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    return red, green, blue


def ink_on(colour: str) -> str:
    """Black or white, whichever reads better on a colour (contrast of WCAG 2).

    >>> ink_on("#F0E442"), ink_on("#1E2D78")
    ('#222222', '#FFFFFF')
    """
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in rgb(colour)
    ]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return INK if luminance > 0.26 else "#FFFFFF"
