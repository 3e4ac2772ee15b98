"""What bundles are called, so that no two rows read alike, in a table or a picture of any width."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

Measure = Callable[[str], float]

_HOLES = (0.5, 0.25, 0.75, 0.0, 1.0)
"""Where a name is cut: the share of what is kept that stands before the hole. The first that tells all
names apart is taken."""


def folders_of(paths: Sequence[str | Path]) -> list[str]:
    """Folders as they were given; of absolute ones the end, as long as it takes to tell all apart.

    >>> folders_of(["runs/walk/bundle", "/home/ada/walk/bundle"])
    ['runs/walk/bundle', 'bundle']
    >>> folders_of(["/home/ada/walk-1/bundle", "/home/ada/walk-2/bundle"])
    ['walk-1/bundle', 'walk-2/bundle']
    """
    given = [Path(path) for path in paths]
    deepest = max((len(path.parts) for path in given), default=1)
    for depth in range(1, deepest):
        found = [str(_end(path, depth)) for path in given]
        if len(set(found)) == len(set(given)):
            return found
    return [str(_end(path, deepest)) for path in given]


def labels_of(names: Sequence[str], folders: Sequence[str]) -> list[str]:
    """The name of each bundle, and its folder where another bundle has the same name.

    >>> labels_of(["utkinect", "walk", "walk"], ["utkinect", "runs/a", "runs/b"])
    ['utkinect', 'runs/a', 'runs/b']
    """
    names = list(names)
    labels = [
        folder if names.count(name) > 1 else name
        for name, folder in zip(names, folders, strict=True)
    ]
    return labels if len(set(labels)) == len(labels) else list(folders)


def shortened(labels: Sequence[str], longest: float, measure: Measure = len) -> list[str]:
    """Labels that are no wider than asked for, cut in the middle, and as different as they were.

    Where no cut tells them apart, numbers do.

    Args:
        labels: Those that stand together; equal ones stay equal.
        longest: The most that ``measure`` may say of each.
        measure: How wide a text is.

    >>> shortened(["a_long_name", "short"], 7)
    ['a_l…ame', 'short']
    >>> shortened(["walk-1/bundle", "walk-2/bundle"], 7)
    ['walk-1…', 'walk-2…']
    """
    different = list(dict.fromkeys(labels))
    for hole in _HOLES:
        cut = {label: middle_out(label, longest, measure, hole) for label in different}
        if len(set(cut.values())) == len(different):
            return [cut[label] for label in labels]
    counts = {label: f"{number}: " for number, label in enumerate(different, 1)}
    return [
        counts[label] + middle_out(label, longest - measure(counts[label]), measure)
        for label in labels
    ]


def middle_out(text: str, longest: float, measure: Measure = len, hole: float = 0.5) -> str:
    """A text with an ellipsis in place of what is too much; the ellipsis stays.

    >>> middle_out("onnxruntime", 7), middle_out("onnxruntime", 20), middle_out("onnxruntime", 0)
    ('onn…ime', 'onnxruntime', '…')
    """
    if measure(text) <= longest:
        return text
    for kept in range(len(text) - 1, 0, -1):
        before = round(kept * hole)
        cut = f"{text[:before]}…{text[len(text) - kept + before :]}"
        if measure(cut) <= longest:
            return cut
    return "…"


def _end(path: Path, depth: int) -> Path:
    return Path(*path.relative_to(path.anchor).parts[-depth:]) if path.is_absolute() else path
