"""Open a data set, whichever of the three layouts it has on disk."""

from __future__ import annotations

from pathlib import Path

from kinestream.datasets.layouts.dataset import Dataset
from kinestream.datasets.layouts.file_dataset import FileDataset, file_splits
from kinestream.datasets.layouts.folder import FolderDataset, split_names
from kinestream.datasets.layouts.store import Store
from kinestream.datasets.layouts.store_index import STORE
from kinestream.errors import ConfigError, DataError, MissingFileError
from kinestream.formats.folder import ACTIONS


def open_dataset(
    path: str | Path, split: str, protocol: str | None = None, fps: float | None = None
) -> Dataset:
    """One split of a store, a data-set folder or a folder of array files.

    Args:
        path: The folder.
        split: Name of the split, for example ``train``.
        protocol: How a store is divided; the others are divided already.
        fps: Frames per second, where the data set does not tell.

    Raises:
        MissingFileError: There is no such folder or split.
        ConfigError: A protocol is given where none can be chosen, or the store has none of it.
        DataError: The folder is no data set, or damaged.
    """
    root = _checked(path, protocol)
    if (root / STORE).is_file():
        store = _store(root, fps)
        splits = store.split(protocol)
        if split not in splits:
            raise MissingFileError(
                f"the store {root} has no split {split!r} in protocol "
                f"{protocol or store.info.protocol!r}; it has {', '.join(splits) or 'none'}."
            )
        return splits[split]
    if not split_names(root) and file_splits(root):
        return FileDataset(root, split, fps)
    return FolderDataset(root, split, fps)


def open_splits(
    path: str | Path, protocol: str | None = None, fps: float | None = None
) -> dict[str, Dataset]:
    """All splits of a data set, by name; raises as :func:`open_dataset`."""
    root = _checked(path, protocol)
    if (root / STORE).is_file():
        return dict(_store(root, fps).split(protocol))
    names = split_names(root) or file_splits(root)
    if not names:
        raise DataError(f"the data set {root} has no splits.")
    return {split: open_dataset(root, split, None, fps) for split in names}


def is_dataset(path: str | Path) -> bool:
    """Whether a path is the folder of a data set, in any layout."""
    root = Path(path)
    return (root / STORE).is_file() or (root / ACTIONS).is_file()


def _checked(path: str | Path, protocol: str | None) -> Path:
    root = Path(path)
    if not root.is_dir():
        raise MissingFileError(
            f"there is no data set {root}: `kinestream data prepare` writes one; tell `kinestream "
            f"test` and `export` with --data where one lies now."
        )
    if protocol is not None and not (root / STORE).is_file():
        raise ConfigError(
            f"{root} was divided when it was written, so protocol {protocol!r} cannot be chosen: "
            f"leave it out, or prepare the data set as a store."
        )
    return root


def _store(root: Path, fps: float | None) -> Store:
    store = Store.open(root)
    if fps is not None and fps != store.fps:
        raise DataError(f"{root} has {store.fps:g} frames per second, got fps={fps:g}.")
    return store
