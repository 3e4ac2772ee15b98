"""Pictures of timelines, training, confusion and skeletons; they need the extra ``plot``."""

from kinestream.viz.confusion import plot_confusion
from kinestream.viz.curves import plot_curves
from kinestream.viz.skeleton import plot_skeleton
from kinestream.viz.timeline import plot_timeline

__all__ = ["plot_confusion", "plot_curves", "plot_skeleton", "plot_timeline"]
