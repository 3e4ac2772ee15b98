"""``kinestream export``: a training run as a bundle."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from kinestream.manifest import Rounding

SLOWER = 0.95
"""Time of a frame in float32 over that in fewer bits, below which it is no matter of chance."""


def command(
    run: Annotated[Path, typer.Argument(help="A run folder, as 'kinestream train' wrote it.")],
    out: Annotated[
        Path | None, typer.Option(help="Folder of the bundle; RUN/bundle by default.")
    ] = None,
    int8: Annotated[
        bool, typer.Option("--int8", help="Write the step in eight bits, too, if it is as good.")
    ] = False,
    fp16: Annotated[
        bool, typer.Option("--fp16", help="Write it with weights of 16 bits, finely stepped.")
    ] = False,
    bf16: Annotated[
        bool, typer.Option("--bf16", help="Write it with weights of 16 bits, of any size.")
    ] = False,
    loss: Annotated[
        float,
        typer.Option(
            min=0, max=100, help="Points of F1@50, and percent of labels, that fewer bits may cost."
        ),
    ] = 1.0,
    data: Annotated[
        Path | None, typer.Option(help="Where the data set lies now, to compare on.")
    ] = None,
) -> None:
    """Write a run as a bundle and prove that it streams as it trained.

    With --int8, --fp16 or --bf16 the run's test recordings are streamed in float32 and in so many
    bits, and nothing is written if more is lost than --loss allows.
    """
    from kinestream.cli.showing import console
    from kinestream.extras import needs

    with needs("exporting a bundle", "export", "torch", "onnx", "onnxscript"):
        from kinestream.export import export_run
        from kinestream.training.run_folder import RunFolder

        asked: dict[Rounding, bool] = {"int8": int8, "fp16": fp16, "bf16": bf16}
        precisions = [each for each, wanted in asked.items() if wanted]
        bundle = export_run(RunFolder(run), out, precisions=precisions, loss=loss, data=data)
    for graph, error in bundle.manifest.parity.items():
        if graph != "tolerance":
            console.print(f"{graph:<7} equals the network within {error:.1e} of the peak")
    for precision, entry in bundle.manifest.rounded.items():
        console.print(
            f"{precision:<7} answers as float32 in {entry.argmax_agreement:.2f} % of "
            f"{entry.frames} frames of split {entry.split}, and a frame in float32 takes "
            f"{entry.latency_ratio:.2f} times as long",
            soft_wrap=True,
        )
        if entry.latency_ratio < SLOWER:
            console.print(
                f"        slower than float32: all that {precision} gains is a smaller file"
            )
        for figure, values in entry.figures.items():
            shown = ", ".join(f"{k} {'-' if v is None else f'{v:.2f}'}" for k, v in values.items())
            console.print(f"        {figure.replace('_', ' ')}: {shown}")
    size_kb = sum(entry.bytes for entry in bundle.manifest.files.values()) / 1e3
    console.print(f"wrote {bundle.path} ({size_kb:.0f} kB): {bundle!r}", soft_wrap=True)
