"""Training as a job of a cluster: prepared, submitted, requeued, followed, backed up.

``checking`` makes a ``Submission`` of what the user asks for and ``submitting`` hands it to SLURM.
There ``job`` runs the training as a child process; ``following`` looks on from outside, and
``collecting`` brings the results home.
"""
