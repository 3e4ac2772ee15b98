"""Data sets on disk: folders, stores and array files, and how public ones become such."""

from kinestream.datasets.dataset import Dataset
from kinestream.datasets.file_dataset import FileDataset
from kinestream.datasets.file_writing import write_files
from kinestream.datasets.folder import FolderDataset
from kinestream.datasets.opening import is_dataset, open_dataset, open_splits
from kinestream.datasets.prepare import prepare
from kinestream.datasets.report import PrepareReport
from kinestream.datasets.store import Store
from kinestream.datasets.store_writing import write_store
from kinestream.datasets.writing import Entry, write_dataset

__all__ = [
    "Dataset",
    "Entry",
    "FileDataset",
    "FolderDataset",
    "PrepareReport",
    "Store",
    "is_dataset",
    "open_dataset",
    "open_splits",
    "prepare",
    "write_dataset",
    "write_files",
    "write_store",
]
