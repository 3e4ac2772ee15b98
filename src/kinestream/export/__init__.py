"""From a network to a bundle, with the proof that it streams as it trained."""

from kinestream.export.runs import export_run

__all__ = ["export_run"]
