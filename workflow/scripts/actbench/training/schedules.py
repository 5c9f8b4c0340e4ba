"""How the learning rate changes over the epochs."""

import math


def factor(epoch: int, schedule: str, warm_up: int, max_epochs: int) -> float:
    """What the learning rate is multiplied by in an epoch, counted from 1.

    With w warm-up epochs, epoch e ≤ w has e / (w + 1). After them `constant` has 1, and `cosine` goes from 1
    along half a cosine, so that it would be 0 in the epoch after the last. Of torch this is `LinearLR`
    (start_factor 1 / (w + 1), total_iters w) and then, by `SequentialLR`, `CosineAnnealingLR` (T_max the
    epochs left, eta_min 0; Loshchilov & Hutter 2017, without restarts), each stepped once an epoch.

    >>> [factor(epoch, "constant", 1, 4) for epoch in (1, 2, 3, 4)]
    [0.5, 1.0, 1.0, 1.0]
    """
    done = epoch - 1
    if done < warm_up:
        return epoch / (warm_up + 1)
    if schedule == "constant":
        return 1.0
    return (1 + math.cos(math.pi * (done - warm_up) / (max_epochs - warm_up))) / 2
