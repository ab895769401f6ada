"""Templates and queries as they come -> the same, fit for any store; or an InputError that names the first that is not.

Every store asks here, so that all refuse the same.
"""

import math
from collections import Counter
from typing import get_args

import numpy as np
from jaxtyping import Float

from alikely.contracts import Metric
from alikely.errors import InputError, SettingsError
from alikely.stores.values import unfit_text, unfit_value
from alikely.types import Templates

METRICS = get_args(Metric)
MOST_NEAREST = 16_384  # what Milvus allows, so that stores do not differ


def checked_templates(templates: Templates, dim: int) -> Templates:
    """The same, with embeddings as float32 in one piece of memory."""
    count = len(templates)
    if not count == len(templates.identities) == len(templates.fields) == len(templates.embeddings):
        raise InputError(
            f"templates need a key, an identity, an embedding and fields each, got {count} keys, "
            f"{len(templates.identities)} identities, {len(templates.embeddings)} embeddings and "
            f"{len(templates.fields)} mappings of fields"
        )
    twice = [key for key, times in Counter(templates.keys).items() if times > 1]
    if twice:
        raise InputError(f"the key {twice[0]!r} stands twice in what is to be kept at once; give each template its own")
    embeddings = checked_embeddings(templates.embeddings, dim, "template")
    for key, identity, fields in zip(templates.keys, templates.identities, templates.fields, strict=True):
        for what, text in [("key", key), ("identity", identity), *(("name of a field", name) for name in fields)]:
            problem = unfit_text(text) if text else "it is empty"
            if problem:
                raise InputError(f"template {key!r}: the {what} {text!r} cannot be kept: {problem}")
        for name, value in fields.items():
            problem = unfit_value(value)
            if problem:
                raise InputError(f"template {key!r}, field {name!r}: {problem}")
    return Templates(templates.keys, templates.identities, embeddings, templates.fields)


def checked_embeddings(
    embeddings: Float[np.ndarray, "rows width"], dim: int, what: str
) -> Float[np.ndarray, "rows dim"]:
    """Float32 in one piece, of the right length, all numbers finite."""
    if embeddings.shape[1] != dim:
        raise InputError(f"this store holds embeddings of length {dim}, got a {what} of length {embeddings.shape[1]}")
    if embeddings.dtype == np.float32:
        ready = np.ascontiguousarray(embeddings)
    else:
        with np.errstate(over="ignore"):
            ready = np.ascontiguousarray(embeddings, dtype=np.float32)
    # A number that is not finite makes the sum of all not finite, and is then looked for; so may large ones.
    if not math.isfinite(np.vdot(ready, ready)):
        bad = np.flatnonzero(~np.isfinite(ready).all(axis=1))
        if len(bad):
            raise InputError(f"{what} {bad[0]}: its embedding holds a number that is not finite in 32 bits")
    return ready


def checked_k(k: int) -> int:
    """How many nearest are asked for. Raises SettingsError where it is out of bounds."""
    if not 1 <= k <= MOST_NEAREST:
        raise SettingsError(f"k, how many nearest are asked for, must lie in 1 to {MOST_NEAREST:,}, got {k}")
    return k


def check_metric(dim: int, metric: str) -> None:
    """Raises SettingsError where no store can be made with these."""
    if metric not in METRICS:
        raise SettingsError(f"there is no metric {metric!r}; choose one of: {', '.join(METRICS)}")
    if dim < 1:
        raise SettingsError(f"the length of the embeddings must be 1 or more, got {dim}")
