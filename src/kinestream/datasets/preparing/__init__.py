"""From the files of a public data set to one on disk: in parallel, restartable, with a report."""
