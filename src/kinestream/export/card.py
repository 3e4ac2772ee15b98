"""The model card of a bundle: where it comes from, what it is worth, what it is not for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kinestream.manifest import Manifest


def write_card(manifest: Manifest, subjects: Sequence[str], protocol: str) -> str:
    """The card as Markdown.

    Args:
        manifest: Of the bundle.
        subjects: Who was trained on.
        protocol: How the metrics were measured, in a sentence.
    """
    card = manifest.card
    people = ", ".join(filter(None, subjects)) or "not named"
    title = card.get("title", manifest.name)
    lines = [
        f"# {title}",
        "",
        card.get("description", "A frame-wise recogniser made with Kinestream."),
        "",
        "| | |",
        "|---|---|",
        f"| network | {manifest.network.name}, {manifest.network.parameters:,} parameters |",
        f"| takes | {len(manifest.channels)} channels ({', '.join(manifest.channels)}) of skeleton "
        f"`{manifest.skeleton['name']}`, {manifest.fps:g} frames per second |",
        f"| classes | {', '.join(manifest.classes)} |",
        f"| delay | {manifest.delay_frames} frames ({manifest.delay_ms:.0f} ms) |",
        f"| receptive field | {manifest.receptive_field} frames "
        f"({manifest.receptive_field / manifest.fps:.1f} s) |",
        f"| trained on | {card.get('data', 'see config.yaml')}; subjects {people} |",
        f"| licence of the data | {card.get('data_licence', 'not stated')} |",
        f"| licence of the weights | {card.get('licence', 'not stated')} |",
        "",
        "## Measured",
        "",
        *_figures(manifest.metrics),
        "",
        protocol,
        "",
        "Largest difference between the network and its graphs, over the peak of the logits: "
        + ", ".join(f"{k} {v:.0e}" for k, v in manifest.parity.items() if k != "tolerance")
        + ".",
        "",
        "## Made with",
        "",
        "`kinestream train config.yaml` and `kinestream export`; `config.yaml` lies beside this card.",
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


def _figures(metrics: dict[str, Any]) -> list[str]:
    rows = [
        f"| {name} | {value:.1f} |"
        for name, value in metrics.items()
        if name.startswith(("valid/", "test/"))
    ]
    return ["| | % |", "|---|---|", *rows] if rows else ["Nothing was measured."]
