"""Everything Kinestream raises on purpose.

* KinestreamError
  + InputError          what came from outside is wrong; the sentence says what to do
    - MissingFileError  a path does not exist
    - DataError         a recording, its labels or a data set
    - SkeletonError     joints or graph do not fit
    - ConfigError       a configuration key or value
    - BundleError       a bundle is incomplete, damaged or not a bundle
    - CheckpointError   a run or its checkpoint cannot be read
  + MissingExtraError   an optional part is not installed
  + ParityError         an export does not give the numbers of its model
  + TrainingError       training cannot go on

Every message says what is wrong, what was seen, what was expected and what to do, in one or two
sentences. The command line prints it and exits with code 2.
"""

from __future__ import annotations


class KinestreamError(Exception):
    """Base of all errors that Kinestream raises on purpose."""


class InputError(KinestreamError, ValueError):
    """Something that came from outside is wrong."""


class MissingFileError(InputError):
    """A path that was named does not exist."""


class DataError(InputError):
    """A recording, its labels or a data set cannot be used as it is."""


class SkeletonError(InputError):
    """Joints or a graph do not fit what was asked for."""


class ConfigError(InputError):
    """A configuration key or value is wrong."""


class BundleError(InputError):
    """A bundle is incomplete, damaged or not a bundle at all."""


class CheckpointError(InputError):
    """A run folder or its checkpoint cannot be read."""


class MissingExtraError(KinestreamError, ImportError):
    """An optional part of Kinestream is not installed."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(
            f"{what} needs packages that are not installed: pip install 'kinestream[{extra}]'"
        )


class ParityError(KinestreamError):
    """An exported graph does not give the numbers of the model it came from."""


class TrainingError(KinestreamError):
    """Training cannot go on."""
