"""The model card of a bundle: where it comes from, what it is worth, what it is not for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from kinestream.manifest import Manifest
from kinestream.models.tick import FOREVER


@dataclass(frozen=True)
class Origin:
    """What a card tells that the manifest does not know.

    Attributes:
        facts: Rows of the card's table, what and what of it.
        measured: How the metrics were measured, in a sentence.
        made_with: The commands that made the bundle, in a sentence.
        notes: What else is to be known of the network, a sentence each.
    """

    facts: Sequence[tuple[str, str]]
    measured: str
    made_with: str
    notes: Sequence[str] = ()


def write_card(manifest: Manifest, origin: Origin) -> str:
    """The card as Markdown."""
    card = manifest.card
    lines = [
        f"# {card.get('title', manifest.name)}",
        "",
        card.get("description", "A frame-wise recogniser made with Kinestream."),
        "",
        "| | |",
        "|---|---|",
        *(f"| {what} | {value} |" for what, value in [*_facts(manifest), *origin.facts]),
        "",
        "## Measured",
        "",
        *_figures(manifest.metrics),
        "",
        origin.measured,
        "",
        *(f"- {line}" for line in _rounded(manifest)),
        *([""] if manifest.rounded else []),
        "Largest difference between the network and its graphs, over the peak of the logits: "
        + ", ".join(f"{k} {v:.0e}" for k, v in manifest.parity.items() if k != "tolerance")
        + ".",
        "",
        *(["## To know", "", *(f"- {note}" for note in origin.notes), ""] if origin.notes else []),
        "## Made with",
        "",
        origin.made_with,
        "",
        "## Not for",
        "",
        card.get(
            "limits",
            "Decisions about a person's health or safety. People, sensors and rooms unlike those of "
            "the training data lower the figures.",
        ),
    ]
    return "\n".join(lines) + "\n"


def _facts(manifest: Manifest) -> list[tuple[str, str]]:
    seen = manifest.receptive_field
    reach = f"{seen} frames ({seen / manifest.fps:.1f} s)"
    return [
        ("network", f"{manifest.network.name}, {manifest.network.parameters:,} parameters"),
        (
            "takes",
            f"{len(manifest.channels)} channels ({', '.join(manifest.channels)}) of skeleton "
            f"`{manifest.skeleton['name']}`, {manifest.fps:g} frames per second",
        ),
        ("classes", ", ".join(manifest.classes)),
        ("delay", f"{manifest.delay_frames} frames ({manifest.delay_ms:.0f} ms)"),
        ("receptive field", reach if seen < FOREVER else "all frames since the start"),
    ]


def _rounded(manifest: Manifest) -> Iterator[str]:
    """What each graph in fewer bits was worth."""
    for precision, entry in manifest.rounded.items():
        f1 = entry.figures["f1@50"]
        known = None not in (f1["float32"], f1[precision])
        figures = f", F1@50 {f1[precision]:.1f} against {f1['float32']:.1f}" if known else ""
        yield (
            f"`{precision}` answers {entry.argmax_agreement:.2f} % of {entry.frames} frames of split "
            f"{entry.split} as float32 does{figures}"
        )


def _figures(metrics: dict[str, Any]) -> list[str]:
    rows = [
        f"| {name} | {value:.1f} |"
        for name, value in metrics.items()
        if name.startswith(("valid/", "test/")) and isinstance(value, int | float)
    ]
    return ["| | % |", "|---|---|", *rows] if rows else ["Nothing was measured."]
