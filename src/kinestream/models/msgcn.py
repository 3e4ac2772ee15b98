"""MS-GCN: ST-GCN blocks with growing dilation, then refinement stages.

Legend: V joints, C channels, P partitions, K classes.
"""

from __future__ import annotations

from typing import Unpack

from kinestream.models.backbone import Options, Partition
from kinestream.models.refinement import Refinement
from kinestream.models.stgcn import STGCN

PUBLISHED = {"stages": 3, "layers": 10, "channels": 64, "layer": "norm", "dropout": 0.0}


class MSGCN(STGCN):
    """``y = ReLU(Norm(conv(ReLU(Norm(graph(x)))))) + x`` in every block, dilations 1, 2, 4, ...

    Args:
        partition: (P, V, V) adjacency of the skeleton.
        in_channels: C of the input; published: 6, position and displacement, or IMU readings.
        num_classes: K.
        width: C of all blocks, and of a product of the input before them.
        layers: How many blocks.
        kernel: Temporal taps.
        **options: As :class:`~kinestream.models.backbone.Options`; ``refine`` is by default the
            published three stages of ten layers.

    Source: MS-GCN (Filtjens et al., 2022).
    """

    def __init__(
        self,
        partition: Partition,
        in_channels: int,
        num_classes: int,
        *,
        width: int = 64,
        layers: int = 10,
        kernel: int = 3,
        **options: Unpack[Options],
    ) -> None:
        refine = options.get("refine")
        if not isinstance(refine, Refinement):
            refine = Refinement.of({**PUBLISHED, **(refine or {})})
        options["refine"] = refine
        super().__init__(
            partition,
            in_channels,
            num_classes,
            channels=[width] * layers,
            kernel=kernel,
            dilations=[2**i for i in range(layers)],
            join="before",
            stem=width,
            **options,
        )
