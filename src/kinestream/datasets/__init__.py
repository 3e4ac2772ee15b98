"""Data sets on disk: folders, stores and array files, and how public ones become such."""

from kinestream.datasets.layouts.dataset import Dataset
from kinestream.datasets.layouts.file_dataset import FileDataset
from kinestream.datasets.layouts.file_writing import write_files
from kinestream.datasets.layouts.folder import FolderDataset
from kinestream.datasets.layouts.opening import is_dataset, open_dataset, open_splits
from kinestream.datasets.layouts.store import Store
from kinestream.datasets.layouts.store_writing import write_store
from kinestream.datasets.layouts.writing import Entry, write_dataset
from kinestream.datasets.preparing.prepare import prepare
from kinestream.datasets.preparing.report import PrepareReport

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
