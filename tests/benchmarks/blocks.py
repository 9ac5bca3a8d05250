"""What test_benchmarks.py measures in a process that imports no more than this file."""

import numpy as np


def allocate(*sizes):
    """Prepare a function that holds a block of the first size, then one of the second."""
    first = np.ones(1 << 20)  # what is there before does not count

    def run():
        for size in sizes:
            np.ones(size, dtype=np.uint8)
        return first

    return run
