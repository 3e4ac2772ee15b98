"""``kinestream export``: a training run as a bundle."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def command(
    run: Annotated[Path, typer.Argument(help="A run folder, as 'kinestream train' wrote it.")],
    out: Annotated[
        Path | None, typer.Option(help="Folder of the bundle; RUN/bundle by default.")
    ] = None,
) -> None:
    """Write a run as a bundle and prove that it streams as it trained."""
    from kinestream.cli.showing import console
    from kinestream.extras import needs

    with needs("exporting a bundle", "export", "torch", "onnx", "onnxscript"):
        from kinestream.export import export_run
        from kinestream.training.run_folder import RunFolder

        bundle = export_run(RunFolder(run), out)
    for graph, error in bundle.manifest.parity.items():
        if graph != "tolerance":
            console.print(f"{graph:<7} equals the network within {error:.1e} of the peak")
    size_kb = sum(entry.bytes for entry in bundle.manifest.files.values()) / 1e3
    console.print(f"wrote {bundle.path} ({size_kb:.0f} kB): {bundle!r}", soft_wrap=True)
