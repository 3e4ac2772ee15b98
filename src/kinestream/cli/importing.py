"""``kinestream import``: weights of another project as a bundle."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kinestream.cli.lookahead import lookahead_frames

if TYPE_CHECKING:
    from kinestream.importing.bundling import Specs


def command(
    source: Annotated[
        str,
        typer.Argument(help="Whose weights: pyskl, ctrgcn, msgcn, stgcn, costgcn or mstcn."),
    ],
    file: Annotated[Path, typer.Argument(help="The checkpoint, of torch or .safetensors.")],
    skeleton: Annotated[
        str, typer.Option(help="A layout's name or a JSON file: what the weights were trained on.")
    ],
    labels: Annotated[
        Path, typer.Option(help="Class names, one per line, in the order of the outputs.")
    ],
    out: Annotated[Path, typer.Option(help="Folder of the bundle.")],
    name: Annotated[
        str | None, typer.Option(help="Name of the bundle; made of the folder's by default.")
    ] = None,
    fps: Annotated[float, typer.Option(help="Frames per second that they were trained at.")] = 30.0,
    lookahead: Annotated[
        str,
        typer.Option(
            help="Frames or seconds (0.5s) that a label may wait, or 'centred' as in training."
        ),
    ] = "centred",
    window: Annotated[
        int | None, typer.Option(help="Frames that means over time take, where there are any.")
    ] = None,
    refresh: Annotated[int | None, typer.Option(help="Frames between two such means.")] = None,
    features: Annotated[
        Path | None,
        typer.Option(help="YAML or JSON with 'features', a list as in a training configuration."),
    ] = None,
) -> None:
    """Make a bundle of the weights of another project, and prove that it streams."""
    from kinestream.cli.showing import console, plain
    from kinestream.extras import needs
    from kinestream.formats.labels import read_classes
    from kinestream.skeletons import skeleton as find

    layout, classes = find(skeleton), read_classes(labels)
    specs, frames = _features(features), lookahead_frames(lookahead, fps)
    with needs("importing weights", "export", "torch", "onnx", "onnxscript"):
        from kinestream.importing.bundling import Wishes, import_bundle

        wishes = Wishes(name, fps, frames, window, refresh, specs)
        bundle, notes = import_bundle(source, file, layout, classes, out, wishes)
    for note in notes:
        console.print(plain(note), soft_wrap=True)
    for graph, error in bundle.manifest.parity.items():
        if graph != "tolerance":
            console.print(f"{graph:<7} equals the network within {error:.1e} of the peak")
    size_kb = sum(entry.bytes for entry in bundle.manifest.files.values()) / 1e3
    written = f"wrote {bundle.path} ({size_kb:.0f} kB): {bundle!r}"
    console.print(plain(written), soft_wrap=True)


def _features(path: Path | None) -> Specs | None:
    if path is None:
        return None
    from kinestream.config import read_mapping
    from kinestream.errors import ConfigError

    specs: Any = read_mapping(path).get("features")
    if not isinstance(specs, list) or not all(isinstance(each, str | dict) for each in specs):
        raise ConfigError(
            f"{path} must hold 'features', a list of names or of mappings with a name."
        )
    return specs
