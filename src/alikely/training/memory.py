"""Freed memory -> kept for the next step, instead of given back to the system and asked for again."""

import ctypes
import sys

# mallopt's names for: give back the end of the heap above this size; ask the system for each block above this size.
TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3
LARGEST_KEPT = 32 * 2**20  # glibc takes no larger limit


def keep_freed_memory() -> bool:
    """Tell glibc to keep what a step of training frees; True where that could be said (Linux with glibc).

    Each step allocates and frees the same large blocks. By default each comes from the system as pages that must be
    cleared first; `python -m benchmarks.training_speed` measures what that costs.
    """
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    return bool(mallopt(MMAP_THRESHOLD, LARGEST_KEPT)) and bool(mallopt(TRIM_THRESHOLD, 2**31 - 1))
