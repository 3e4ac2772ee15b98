"""What all pictures share: a figure measured in inches, its texts, and how it reaches the disk.

Figures are made without pyplot: no global figure list, no back end is chosen for the user.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kinestream.errors import ConfigError, MissingExtraError
from kinestream.files import write_atomically
from kinestream.viz.colours import FAINT, INK

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FORMATS = ("png", "pdf", "svg")
MAX_NAME = 40
DPI = 150
MANY = 24  # names in a legend from which on it is set smaller

TINY, SMALL, NORMAL, LARGE = 6.5, 7.5, 8.5, 11.0  # points
_SWATCH_IN, _PAD_IN, _GAP_IN = 0.16, 0.06, 0.24


def new_figure(width_in: float, height_in: float) -> Figure:
    """An empty white figure.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise MissingExtraError("drawing pictures", "plot") from None
    return Figure(figsize=(width_in, height_in), dpi=DPI, facecolor="white")


def save_figure(figure: Figure, path: str | Path) -> Path:
    """Write a figure as png, pdf or svg, by the ending of the path.

    Raises:
        ConfigError: The ending is another one.
        DataError: The place cannot be written.
    """
    path = Path(path)
    form = path.suffix.removeprefix(".").lower()
    if form not in FORMATS:
        raise ConfigError(f"a picture ends in .{', .'.join(FORMATS)}; got {path.name!r}.")
    picture = io.BytesIO()
    # Without a date the same figure gives the same file.
    dated: dict[str, dict[str, Any]] = {"pdf": {"CreationDate": None}, "svg": {"Date": None}}
    figure.savefig(picture, format=form, metadata=dated.get(form))
    return write_atomically(path, picture.getvalue())


def place(figure: Figure, left: float, top: float, width: float, height: float) -> Axes:
    """New axes at a place in inches, measured from the top left corner of the figure."""
    across, down = figure.get_size_inches()
    return figure.add_axes(
        (left / across, 1 - (top + height) / down, width / across, height / down)
    )


def write(
    figure: Figure, left: float, top: float, text: str, size: float = NORMAL, **style: Any
) -> None:
    """Text with its top left corner at a place in inches from the top left of the figure."""
    across, down = figure.get_size_inches()
    style = {"ha": "left", "va": "top", "color": INK, **style}
    figure.text(left / across, 1 - top / down, text, fontsize=size, parse_math=False, **style)


def clean(text: str, longest: int = MAX_NAME) -> str:
    """A text that fits on one line: no control characters, cut with an ellipsis.

    >>> clean("walk\\nforward and then back", 12)
    'walk forwar…'
    """
    line = " ".join("".join(c if c.isprintable() else " " for c in text[: 8 * longest]).split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


def clean_end(text: str, longest: int = MAX_NAME) -> str:
    """As :func:`clean`, but keeps the end: what tells one path from another.

    >>> clean_end("recordings/monday/walk.csv", 12)
    '…ay/walk.csv'
    """
    line = clean(text[-8 * longest :], 8 * longest)
    return line if len(line) <= longest else "…" + line[len(line) - longest + 1 :]


@lru_cache(maxsize=4096)
def text_width_in(text: str, size: float) -> float:
    """How wide a text will be, inches."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextToPath

    width, _, _ = TextToPath().get_text_width_height_descent(
        text, FontProperties(size=size), ismath=False
    )
    return float(width) / 72


def tidy(axes: Axes) -> None:
    """Thin the frame: no top and right line, small grey ticks."""
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(FAINT)
    axes.tick_params(labelsize=SMALL, color=FAINT, labelcolor=INK, length=3)


Entry = tuple[str, dict[str, Any]]  # a name and the style of its swatch


@dataclass(frozen=True)
class Legend:
    """Names with their colours in columns, filled downwards, outside all axes.

    Attributes:
        entries: Name and swatch style of each.
        width_in: Width it may take.
    """

    entries: Sequence[Entry]
    width_in: float

    @property
    def size(self) -> float:
        """Size of the names, points."""
        return SMALL if len(self.entries) > MANY else NORMAL

    @property
    def row_in(self) -> float:
        """Height of a row, inches."""
        return self.size * 0.0225

    @property
    def column_in(self) -> float:
        """Width of a column, inches: no wider than the longest name asks for."""
        longest = max(text_width_in(name, self.size) for name, _ in self.entries)
        return _SWATCH_IN + _PAD_IN + longest + _GAP_IN

    @property
    def rows(self) -> int:
        """Number of rows."""
        if not self.entries:
            return 0
        columns = max(1, int((self.width_in + _GAP_IN) / self.column_in))
        return -(-len(self.entries) // columns)

    @property
    def height_in(self) -> float:
        """Height it takes, inches."""
        return self.rows * self.row_in

    def draw(self, figure: Figure, left: float, top: float) -> None:
        """Draw it with its top left corner at a place in inches from the figure's."""
        from matplotlib.patches import Rectangle

        if not self.entries:
            return
        axes = place(figure, left, top, self.width_in, self.height_in)
        axes.set(xlim=(0, self.width_in), ylim=(self.height_in, 0))
        axes.set_axis_off()
        column_in, rows = self.column_in, self.rows
        for number, (name, style) in enumerate(self.entries):
            x, y = number // rows * column_in, (number % rows + 0.5) * self.row_in
            axes.add_patch(Rectangle((x, y - 0.06), _SWATCH_IN, 0.12, **style))
            text: dict[str, Any] = {"fontsize": self.size, "color": INK, "va": "center_baseline"}
            axes.text(x + _SWATCH_IN + _PAD_IN, y, name, parse_math=False, **text)
