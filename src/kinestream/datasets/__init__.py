"""Data sets: folders of recordings in splits, and how public ones become such folders."""

from kinestream.datasets.folder import FolderDataset
from kinestream.datasets.prepare import PrepareReport, prepare
from kinestream.datasets.writing import Entry, write_dataset

__all__ = ["Entry", "FolderDataset", "PrepareReport", "prepare", "write_dataset"]
