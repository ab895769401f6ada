"""How far the training is -> the learning rate."""

import math

LAST = 0.02  # the share of the learning rate that is left at the end


def learning_rate_share(step: int, steps: int, warmup: float) -> float:
    """The share (0..1) of the highest learning rate in step `step` (0 and up) of `steps`.

    It rises in a straight line during the first `warmup` share of the steps, then falls along half a cosine
    (Loshchilov and Hutter 2017) to 2 % in the last step.
    """
    rising = round(warmup * steps)
    if step < rising:
        return (step + 1) / rising
    gone = (step - rising) / max(1, steps - 1 - rising)
    return LAST + (1 - LAST) * 0.5 * (1 + math.cos(math.pi * min(1.0, gone)))
