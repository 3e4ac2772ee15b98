"""``kinestream data convert``: a recording or its labels, from one format into another."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from kinestream.clips import Clip
    from kinestream.formats import Annotations, Format, Reading, Stated
    from kinestream.formats.annotations import LabelFormat, Terms

FRAMES = "frames"  # the format of labels that has one for every frame


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
    from kinestream.formats.parsing.rate import check_fps
    from kinestream.formats.reading import stated

    output = _Output(target, to, overwrite)
    if _is_labels(source, format):
        of_recordings: dict[str, object] = {
            "skeleton": skeleton,
            "axes": axes,
            "recording": recording,
            "labels": labels,
            "background": background,
            "to-skeleton": to_skeleton,
            "to-fps": to_fps,
        }
        _refuse(of_recordings, f"does not apply to labels, which {source} holds")
        _convert_labels(source, format, output, Terms(fps, tier, frames))
        return
    _refuse({"frames": frames}, f"is for files of labels, {source} is a recording")
    if labels is None:
        _refuse({"background": background}, "needs --labels, the file with the spans")
    if to_fps is not None:
        check_fps(to_fps, "--to-fps")
    changes = _Changes(labels, tier, background, to_skeleton, to_fps)
    given = stated(skeleton, fps, axes, recording)
    _convert_recordings(source, format, given, changes, output)


def _refuse(options: dict[str, object], why: str) -> None:
    """Refuse an option that was given and would do nothing."""
    from kinestream.errors import ConfigError

    for name, value in options.items():
        if value is not None:
            raise ConfigError(f"--{name} {why}: leave --{name} out.")


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

        if self.path == Path():
            raise ConfigError("OUT names no file: name the one to write.")
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
    if wanted.name != FRAMES:
        _refuse({"frames": terms.num_frames}, f"is for labels in every frame (--to {FRAMES})")
    annotations = read_annotations(source, fps=terms.fps, tier=terms.tier, format=name)
    write_annotations(
        annotations,
        output.path,
        fps=terms.fps,
        tier=terms.tier,
        num_frames=terms.num_frames,
        format=wanted.name,
    )
    _say_labels(output.path, annotations, wanted, terms)


def _say_labels(path: Path, written: Annotations, wanted: LabelFormat, terms: Terms) -> None:
    """Print what a file of labels holds."""
    from kinestream.cli.showing import console, plain
    from kinestream.formats import read_annotations

    frames = ""
    if wanted.name == FRAMES:  # holds what fits into its frames, and no overlaps
        frames = f"{terms.frames_of(written)} frames, "
        written = read_annotations(path, fps=terms.fps, format=FRAMES)
    text = f"{frames}{len(written.spans)} labels of {len(written.classes)} classes"
    console.print(f"wrote {plain(f'{path}: {text}')}", soft_wrap=True)


def _convert_recordings(
    source: Path, name: str | None, given: Stated, changes: _Changes, output: _Output
) -> None:
    from kinestream.cli.naming import file_name
    from kinestream.formats import read_recording, read_recordings
    from kinestream.formats.table import format_of

    output.check(source)
    if format_of(source, name).read_all is None or given.recording is not None:
        wanted = output.format
        _write(read_recording(source, given, name), changes, output.path, wanted)
        return
    named = read_recordings(source, given, name)
    first = list(islice(named, 2))
    if len(first) == 1:
        _write(first[0].reading, changes, output.path, output.format)
        return
    wanted, used = _format_of_several(output), set[str]()
    ending = wanted.endings[0] if wanted.endings else ""
    for each in chain(first, named):
        path = output.path / file_name(each.name, ending, used)
        _write(each.reading, changes, path, wanted)


def _format_of_several(output: _Output) -> Format | LabelFormat:
    from kinestream.errors import ConfigError

    if output.name is None or output.path.suffix:
        raise ConfigError(
            f"there are several recordings: name a folder and the format of its files (--to NAME), or "
            f"one of the recordings (--recording NAME); got {output.path}."
        )
    return output.format


def _write(reading: Reading, changes: _Changes, path: Path, wanted: Format | LabelFormat) -> None:
    from kinestream.cli.showing import console, plain
    from kinestream.formats import labels_of, write_annotations, write_clip
    from kinestream.formats.annotations import LabelFormat, Terms
    from kinestream.formats.losses import losses

    if not isinstance(wanted, LabelFormat) and changes.labels is None:
        _refuse({"tier": changes.tier}, "needs --labels, the file that has it")
    clip = changes.made_to(reading.clip)
    if isinstance(wanted, LabelFormat):
        spans, terms = labels_of(clip), Terms(clip.fps, changes.tier, clip.num_frames)
        write_annotations(
            spans,
            path,
            fps=clip.fps,
            tier=terms.tier,
            num_frames=terms.num_frames,
            format=wanted.name,
        )
        _say_labels(path, spans, wanted, terms)
        return
    write_clip(clip, path, wanted.name)
    text = (
        f"{clip.num_frames} frames of {clip.skeleton.name}, {clip.num_people} "
        f"{'person' if clip.num_people == 1 else 'people'}, {clip.fps:g} fps"
    )
    console.print(f"wrote {plain(f'{path}: {text}')}", soft_wrap=True)
    if mended := str(reading.repairs):
        console.print(f"mended: {mended}", soft_wrap=True)
    if lost := losses(clip, path, wanted.name):
        console.print(plain(f"not kept by {wanted.title}: {', '.join(lost)}"), soft_wrap=True)


def _show_conversion(clip: Clip, target: str) -> None:
    from kinestream.cli.showing import console, plain
    from kinestream.skeletons import Conversion, skeleton

    way = Conversion(clip.skeleton, skeleton(target))
    for what, joints in (("exact", way.exact), ("derived", way.derived), ("missing", way.missing)):
        if joints:
            console.print(f"{len(joints):3d} {what}: {plain(', '.join(joints))}", soft_wrap=True)
