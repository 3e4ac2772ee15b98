"""``kinestream run``: recordings through a bundle, as a live stream would see them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from kinestream.clips import Clip
    from kinestream.formats import Named, Stated


def command(
    sources: Annotated[
        list[str], typer.Argument(help="Recordings, folders of them, or globs in quotes.")
    ],
    bundle: Annotated[
        str | None, typer.Option(help="A bundle's folder, or the name of a shipped one.")
    ] = None,
    engine: Annotated[
        str, typer.Option(help="What steps the bundle: onnxruntime, openvino or numpy.")
    ] = "onnxruntime",
    precision: Annotated[
        str, typer.Option(help="float32, or one that the bundle was exported with.")
    ] = "float32",
    save: Annotated[
        Path | None,
        typer.Option(help="Folder for labels.csv, segments.json and timeline.png."),
    ] = None,
    events: Annotated[
        bool, typer.Option(help="Print what starts and ends, as it happens; saved as events.csv.")
    ] = False,
    paced: Annotated[bool, typer.Option(help="Feed frames at the speed of the recording.")] = False,
    skeleton: Annotated[
        str | None, typer.Option(help="Skeleton, where recordings do not tell.")
    ] = None,
    fps: Annotated[float | None, typer.Option(help="Rate, where recordings do not tell.")] = None,
    axes: Annotated[str | None, typer.Option(help="Axes of a lone array, such as TVC.")] = None,
    format: Annotated[
        str | None, typer.Option(help="Format, where the content does not tell.")
    ] = None,
    recording: Annotated[
        str | None, typer.Option(help="Which of several recordings in a file; else all of them.")
    ] = None,
    labels: Annotated[
        Path | None, typer.Option(help="File with the true labels of a single recording.")
    ] = None,
) -> None:
    """Label every frame of recordings, without torch."""
    from kinestream.bundle import load
    from kinestream.cli.showing import show_person, show_problem, show_total
    from kinestream.cli.watching import Watch
    from kinestream.errors import ConfigError, DataError, InputError
    from kinestream.formats import find_recordings
    from kinestream.formats.reading import stated
    from kinestream.recognition import bundle_for, recognise_people

    if bundle is None and (engine, precision) != ("onnxruntime", "float32"):
        raise ConfigError("--engine and --precision are of a bundle: name it with --bundle.")
    opened = load(bundle, engine=engine, precision=precision) if bundle else None
    paths = list(dict.fromkeys(path for source in sources for path in find_recordings(source)))
    if labels is not None and len(paths) != 1:
        raise DataError(
            f"{labels} labels one recording, {len(paths)} are named: run that one alone."
        )
    given = stated(skeleton, fps, axes, recording)
    timelines, failed = [], 0
    for path, place in zip(paths, _places(paths), strict=True):
        try:
            for name, clip in _clips(path, given, format, labels):
                chosen = bundle_for(clip, opened)
                watch = Watch(clip, chosen) if events else None
                try:
                    people = recognise_people(
                        clip, chosen, paced=paced, on_answer=watch.take if watch else None
                    )
                except KeyboardInterrupt:
                    if save and watch:
                        watch.save_all(save / place / name)
                    raise
                if watch:
                    watch.finish()
                for timeline in people:
                    timelines.append(timeline)
                    person = f"person{timeline.person}" if len(people) > 1 else ""
                    written = timeline.save(save / place / name / person) if save else []
                    if save and watch:
                        written += watch.save(save / place / name / person, timeline.person)
                    show_person(timeline, clip.fps, written)
        except InputError as error:
            if len(paths) == 1:
                raise
            show_problem(error)  # the others are still worth having
            failed += 1
    show_total(timelines)
    if failed:
        raise DataError(f"{failed} of {len(paths)} recordings could not be labelled, see above.")


def _clips(
    path: Path, given: Stated, format: str | None, labels: Path | None
) -> Iterator[tuple[str, Clip]]:
    """The recordings of a file, each with the name of its folder; none where there is only one."""
    from kinestream.cli.naming import file_name
    from kinestream.errors import DataError
    from kinestream.formats import read_annotations, read_recordings, with_labels

    named = _named(path, given, format) if given.recording else read_recordings(path, given, format)
    first, used = list(islice(named, 2)), set[str]()
    if labels is not None and len(first) > 1:
        raise DataError(
            f"{labels} labels one recording, {path} holds several: name it (--recording NAME)."
        )
    for each in chain(first, named):
        name = file_name(each.name, "", used) if len(first) > 1 else ""
        clip = replace(each.clip, source=str(path / name))
        if labels is not None:
            spans = read_annotations(labels, fps=clip.fps, num_frames=clip.num_frames)
            clip = with_labels(clip, spans)
        yield name, clip


def _named(path: Path, given: Stated, format: str | None) -> Iterator[Named]:
    """The one recording that was named."""
    from kinestream.formats import Named, read_recording

    yield Named(str(given.recording), *read_recording(path, given, format))


def _places(paths: Sequence[Path]) -> list[Path]:
    """Where below ``--save`` each recording's files go: by its name, or its path where names repeat."""
    if len(paths) == 1:
        return [Path()]
    names = [Path(path.stem) for path in paths]
    if len(set(names)) == len(names):
        return names
    common = os.path.commonpath([path.parent for path in paths])
    return [path.relative_to(common) for path in paths]
