"""A benchmark from beginning to end: bundles, and peers beside them, timed in turns."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

from kinestream.benchmarking.accuracy import accuracy_of
from kinestream.benchmarking.facts import facts_of, precisions
from kinestream.benchmarking.machine import machine
from kinestream.benchmarking.names import folders_of, labels_of
from kinestream.benchmarking.peers import check_peers, make_peer
from kinestream.benchmarking.peers.threads import one_thread
from kinestream.benchmarking.resident import memory_of
from kinestream.benchmarking.rows import Benchmark, Peer, Row
from kinestream.benchmarking.settings import Settings
from kinestream.benchmarking.stepping import pushing, stepping
from kinestream.benchmarking.timing import Contestant, Times, take_turns, times_as_long
from kinestream.bundle import Bundle, load
from kinestream.errors import ConfigError

MAX_STATE_BYTES = 8 << 30
"""Of all streams of a contestant together."""


@dataclass(frozen=True)
class Variant:
    """What becomes a row: a bundle, an engine and a precision."""

    path: Path
    folder: str
    label: str
    engine: str
    precision: str

    def open(self) -> Bundle:
        """The bundle, opened anew: its streams share weights with others, and no seats."""
        return load(self.path, engine=self.engine, precision=self.precision)


def benchmark(bundles: Sequence[str | Path], settings: Settings | None = None) -> Benchmark:
    """Measure bundles side by side.

    Args:
        bundles: Folders, or names of shipped bundles; each is measured once, however often it is named.
        settings: What is asked for; the defaults of :class:`Settings` otherwise.

    Raises:
        MissingFileError: There is no such bundle or data set.
        ConfigError: No bundle is named, there is no such peer, a bundle has no graph of a precision, or
            so many people remember too much.
        MissingExtraError: An engine or a peer is not installed.
        BundleError: A bundle is damaged.
        DataError: The data set does not fit a bundle.
    """
    settings = settings or Settings()
    check_peers(settings.against)
    variants = _variants(bundles, settings)
    accuracies = [
        None if settings.data is None else accuracy_of(variant.open(), settings.data)
        for variant in variants
    ]
    memories = [_memory(variant, max(settings.people)) for variant in variants]
    with one_thread() if settings.against else nullcontext():
        beside, left_out = _peers(variants, settings)
        own = [each for i, v in enumerate(variants) for each in _contestants(i, v, settings)]
        theirs = [contestant for _, contestant in beside]
        times = take_turns([*own, *theirs], rounds=settings.rounds, frames=settings.frames)
    rows = tuple(
        _row(i, variant, times, settings, memories[i], accuracies[i])
        for i, variant in enumerate(variants)
    )
    peers = tuple(
        Peer(
            contestant.name.partition(" ")[2],
            rows[i],
            times[contestant.name],
            times_as_long(times[contestant.name], rows[i].step),
        )
        for i, contestant in beside
    )
    return Benchmark(machine(), settings, rows, peers, tuple(left_out))


def _variants(bundles: Sequence[str | Path], settings: Settings) -> list[Variant]:
    """Every bundle in every engine and precision, each checked by opening it."""
    if not bundles:
        raise ConfigError("name a bundle, or 'all' for those that come with Kinestream.")
    opened: dict[Path, tuple[str | Path, Bundle]] = {}
    for path in bundles:
        bundle = load(path)
        opened.setdefault(bundle.path.resolve(), (path, bundle))
    folders = folders_of([path for path, _ in opened.values()])
    labels = labels_of([bundle.name for _, bundle in opened.values()], folders)
    found = []
    for (_, bundle), folder, label in zip(opened.values(), folders, labels, strict=True):
        _check_size(bundle, max(settings.people))
        for engine in settings.engines:
            made = [
                Variant(bundle.path, folder, label, engine, precision)
                for precision in _precisions(bundle, label, settings)
            ]
            for each in made:
                each.open().stream()  # an engine that cannot load the graph says so before hours pass
            found += made
    return found


def _precisions(bundle: Bundle, label: str, settings: Settings) -> Sequence[str]:
    """Those that were asked for, or all that a bundle has."""
    there = precisions(bundle)
    for precision in settings.precisions:
        if precision not in there:
            raise ConfigError(
                f"{label} has no {precision} graph, only {', '.join(there)}: "
                f"'kinestream export RUN --{precision}' writes one."
            )
    return settings.precisions or there


def _check_size(bundle: Bundle, people: int) -> None:
    words = facts_of(bundle).state_words
    if 4 * words * people > MAX_STATE_BYTES:
        raise ConfigError(
            f"{people} streams of {bundle.name!r} would remember {4e-9 * words * people:.1f} GB, "
            f"{MAX_STATE_BYTES >> 30} GiB are allowed: benchmark fewer people."
        )


def _contestants(number: int, variant: Variant, settings: Settings) -> list[Contestant]:
    """One stream and several that are pushed, and an engine that steps."""
    alone = variant.open().stream().recogniser
    step = stepping(f"{number} step", alone.engine, alone.frame_shape)
    crowds = dict.fromkeys([1, *settings.people])
    return [step, *(pushing(f"{number} push {n}", variant.open(), n) for n in crowds)]


def _peers(
    variants: Sequence[Variant], settings: Settings
) -> tuple[list[tuple[int, Contestant]], list[str]]:
    """Peers beside the first row of each bundle, and why others are left out."""
    if not settings.against:
        return [], []
    from kinestream.benchmarking.peers.subject import subject_of

    found, left_out = [], []
    for number, variant in enumerate(variants):
        if variant.path in [earlier.path for earlier in variants[:number]]:
            continue
        subject = replace(subject_of(variant.open()), name=variant.label)
        for name in settings.against:
            try:
                made = make_peer(name, subject, settings.windows)
            except ConfigError as error:
                left_out.append(str(error))
            else:
                found += [(number, each.renamed(f"{number} {each.name}")) for each in made]
    return found, left_out


def _row(
    number: int,
    variant: Variant,
    times: dict[str, Times],
    settings: Settings,
    memory: dict[str, int] | None,
    accuracy: dict[str, float | None] | None,
) -> Row:
    bundle, push = variant.open(), times[f"{number} push 1"]
    return Row(
        bundle=bundle.name,
        folder=variant.folder,
        label=variant.label,
        engine=variant.engine,
        precision=variant.precision,
        facts=facts_of(bundle, variant.precision),
        push=push,
        step=times[f"{number} step"],
        crowds={people: times[f"{number} push {people}"] for people in settings.people},
        times_as_long=times_as_long(push, times["0 push 1"]),
        memory=memory,
        accuracy=accuracy,
    )


def _memory(variant: Variant, people: int) -> dict[str, int] | None:
    found = memory_of(variant.path, variant.engine, people, precision=variant.precision)
    if found is None:
        return None
    grown = found["streaming"] - found["imported"]
    return {"people": people, "bytes": grown, "peak_bytes": found["peak"]}
