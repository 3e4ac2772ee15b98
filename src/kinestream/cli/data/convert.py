"""``kinestream data convert``: a recording or its labels, from one format into another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, count, islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from kinestream.clips import Clip
    from kinestream.formats import Format, Stated
    from kinestream.formats.annotations import LabelFormat, Terms


def command(
    source: Annotated[Path, typer.Argument(metavar="IN", help="A recording or a file of labels.")],
    target: Annotated[Path, typer.Argument(metavar="OUT", help="Where to; its ending tells how.")],
    format: Annotated[
        str | None, typer.Option(help="Format of IN, where its content does not tell.")
    ] = None,
    to: Annotated[
        str | None, typer.Option(help="Format of OUT, where its ending does not tell.")
    ] = None,
    skeleton: Annotated[str | None, typer.Option(help="Skeleton, where IN does not tell.")] = None,
    fps: Annotated[float | None, typer.Option(help="Frame rate, where IN does not tell.")] = None,
    axes: Annotated[str | None, typer.Option(help="Axes of an array, such as TVC.")] = None,
    recording: Annotated[str | None, typer.Option(help="Which of several recordings.")] = None,
    labels: Annotated[Path | None, typer.Option(help="Labels to put onto the recording.")] = None,
    tier: Annotated[str | None, typer.Option(help="Which tier of the labels.")] = None,
    background: Annotated[
        str | None, typer.Option(help="Class of frames outside all labels.")
    ] = None,
    to_skeleton: Annotated[
        str | None, typer.Option(help="Convert joints by name to this layout, such as coco17.")
    ] = None,
    to_fps: Annotated[float | None, typer.Option(help="Resample to this frame rate.")] = None,
    frames: Annotated[
        int | None, typer.Option(min=1, help="Length of labels that are written frame by frame.")
    ] = None,
    overwrite: Annotated[bool, typer.Option(help="Replace OUT where it exists.")] = False,
) -> None:
    """Convert a recording or labels; `kinestream data formats` lists what there is."""
    from kinestream.formats.annotations import Terms
    from kinestream.formats.reading import stated

    if _is_labels(source, format):
        _convert_labels(source, format, _Output(target, to, overwrite), Terms(fps, tier, frames))
        return
    changes = _Changes(labels, tier, background, to_skeleton, to_fps)
    given = stated(skeleton, fps, axes, recording)
    _convert_recordings(source, format, given, changes, _Output(target, to, overwrite))


@dataclass(frozen=True)
class _Changes:
    """What happens to a recording on the way."""

    labels: Path | None
    tier: str | None
    background: str | None
    to_skeleton: str | None
    to_fps: float | None

    def made_to(self, clip: Clip) -> Clip:
        """The clip after them."""
        from kinestream.features.rate import at_rate
        from kinestream.formats import read_annotations, to_skeleton, with_labels

        if self.labels is not None:
            spans = read_annotations(
                self.labels, fps=clip.fps, tier=self.tier, num_frames=clip.num_frames
            )
            clip = with_labels(clip, spans, None, self.background)
        if self.to_skeleton is not None:
            _show_conversion(clip, self.to_skeleton)
            clip = to_skeleton(clip, self.to_skeleton)
        return clip if self.to_fps is None else at_rate(clip, self.to_fps)


@dataclass(frozen=True)
class _Output:
    """Where to, and in which format."""

    path: Path
    name: str | None
    overwrite: bool

    @property
    def format(self) -> Format | LabelFormat:
        """The format that the name or the ending stands for."""
        from kinestream.formats.writing import output_format

        return output_format(self.path, self.name)

    def check(self, source: Path) -> None:
        """Refuse what would destroy a file, before anything is read."""
        from kinestream.errors import ConfigError

        if not self.path.exists():
            return
        if source.exists() and self.path.samefile(source):
            raise ConfigError(f"{self.path} is what is read: name another place to write to.")
        if self.path.is_dir() and source.resolve().is_relative_to(self.path.resolve()):
            raise ConfigError(f"{self.path} holds what is read: name another folder to write to.")
        if not self.overwrite:
            raise ConfigError(f"{self.path} exists: name another place, or pass --overwrite.")


def _is_labels(source: Path, name: str | None) -> bool:
    from kinestream.formats import LABEL_FORMATS
    from kinestream.formats.annotations import fitting_labels
    from kinestream.formats.table import fitting

    if name is not None:
        return name in LABEL_FORMATS
    return source.is_file() and fitting(source) is None and fitting_labels(source) is not None


def _convert_labels(source: Path, name: str | None, output: _Output, terms: Terms) -> None:
    from kinestream.cli.showing import console, plain
    from kinestream.errors import ConfigError
    from kinestream.formats import LABEL_FORMATS, read_annotations, write_annotations
    from kinestream.formats.annotations import label_format_for, named_label_format

    output.check(source)
    if output.name is not None and output.name not in LABEL_FORMATS:
        raise ConfigError(
            f"{source} holds labels, which {output.name!r} is no format of: use one of "
            f"{', '.join(LABEL_FORMATS)}, or give the labels with a recording (--labels)."
        )
    wanted = named_label_format(output.name) if output.name else label_format_for(output.path)
    annotations = read_annotations(source, fps=terms.fps, tier=terms.tier, format=name)
    write_annotations(
        annotations,
        output.path,
        fps=terms.fps,
        tier=terms.tier,
        num_frames=terms.num_frames,
        format=wanted.name,
    )
    spans, classes = len(annotations.spans), len(annotations.classes)
    console.print(
        f"wrote {plain(str(output.path))}: {spans} labels of {classes} classes", soft_wrap=True
    )


def _convert_recordings(
    source: Path, name: str | None, given: Stated, changes: _Changes, output: _Output
) -> None:
    from kinestream.formats import read_recording, read_recordings
    from kinestream.formats.table import format_of

    output.check(source)
    if format_of(source, name).read_all is None or given.recording is not None:
        wanted = output.format
        _write(changes.made_to(read_recording(source, given, name).clip), output.path, wanted)
        return
    named = read_recordings(source, given, name)
    first = list(islice(named, 2))
    if len(first) == 1:
        _write(changes.made_to(first[0].clip), output.path, output.format)
        return
    wanted, used = _format_of_several(output), set[str]()
    ending = wanted.endings[0] if wanted.endings else ""
    for each in chain(first, named):
        path = output.path / _file_name(each.name, ending, used)
        _write(changes.made_to(each.clip), path, wanted)


def _format_of_several(output: _Output) -> Format | LabelFormat:
    from kinestream.errors import ConfigError

    if output.name is None or output.path.suffix:
        raise ConfigError(
            f"there are several recordings: name a folder and the format of its files (--to NAME), or "
            f"one of the recordings (--recording NAME); got {output.path}."
        )
    return output.format


def _file_name(name: str, ending: str, used: set[str]) -> str:
    """A name that is safe in a folder, and that none of those used before equals."""
    safe = "".join(c if c.isalnum() or c in "-_.+" else "_" for c in name).lstrip(".")[:100]
    safe = safe or "recording"
    free = next(each for each in _numbered(safe) if each.lower() not in used)
    used.add(free.lower())
    return free + ending


def _numbered(name: str) -> Iterator[str]:
    yield name
    yield from (f"{name}_{number}" for number in count(2))


def _write(clip: Clip, path: Path, wanted: Format | LabelFormat) -> None:
    from kinestream.cli.showing import console, plain
    from kinestream.formats import labels_of, write_annotations, write_clip
    from kinestream.formats.annotations import LabelFormat
    from kinestream.formats.losses import losses

    if isinstance(wanted, LabelFormat):
        spans = labels_of(clip)
        write_annotations(spans, path, fps=clip.fps, num_frames=clip.num_frames, format=wanted.name)
        text = f"{len(spans.spans)} labels of {len(spans.classes)} classes"
        console.print(f"wrote {plain(f'{path}: {text}')}", soft_wrap=True)
        return
    write_clip(clip, path, wanted.name)
    text = (
        f"{clip.num_frames} frames of {clip.skeleton.name}, {clip.num_people} "
        f"{'person' if clip.num_people == 1 else 'people'}, {clip.fps:g} fps"
    )
    console.print(f"wrote {plain(f'{path}: {text}')}", soft_wrap=True)
    if lost := losses(clip, path, wanted.name):
        console.print(plain(f"not kept by {wanted.title}: {', '.join(lost)}"), soft_wrap=True)


def _show_conversion(clip: Clip, target: str) -> None:
    from kinestream.cli.showing import console, plain
    from kinestream.skeletons import Conversion, skeleton

    way = Conversion(clip.skeleton, skeleton(target))
    for what, joints in (("exact", way.exact), ("derived", way.derived), ("missing", way.missing)):
        if joints:
            console.print(f"{len(joints):3d} {what}: {plain(', '.join(joints))}", soft_wrap=True)
