"""Other ways to the same answers, run in the same process: a file each.

continual   CoST-GCN built of the modules of ``continual-inference``, weights random
window      the bundle's network in torch, run again over the newest frames for every frame
jit         RT-ST-GCN as one would first write it, in torch: eager, and compiled by ``torch.jit``

A peer that is not of the bundle's kind says so in a sentence and is left out.
"""

from kinestream.benchmarking.peers.choice import PEERS, check_peers, make_peer

__all__ = ["PEERS", "check_peers", "make_peer"]
