"""From a training run to a bundle, with the proof that it streams as it trained."""

from kinestream.export.writing import export_run

__all__ = ["export_run"]
