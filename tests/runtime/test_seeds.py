import random

import numpy as np
import pytest
import torch
from actbench.runtime import seeds


def draw(seed, purpose):
    return torch.rand(8, generator=seeds.generator(seed, purpose)).tolist()


def test_same_seed_and_purpose_give_the_same_numbers():
    assert draw(3, "weights") == draw(3, "weights")


def test_purposes_and_seeds_are_independent():
    drawn = {tuple(draw(seed, purpose)) for seed in range(4) for purpose in seeds.PURPOSES}
    assert len(drawn) == 4 * len(seeds.PURPOSES)


def test_global_state_does_not_matter():
    torch.manual_seed(1)
    first = draw(0, "batches")
    torch.manual_seed(2)
    assert draw(0, "batches") == first


def everything():
    return torch.rand(2).tolist(), np.random.rand(2).tolist(), random.random()  # noqa: S311


def test_global_generators_start_from_a_seed_for_a_while():
    seeds.restart(1)
    expected = everything()
    seeds.restart(2)
    unmoved = everything()
    seeds.restart(2)
    for _ in range(2):
        with seeds.drawn_from(1):
            assert everything() == expected
            with seeds.drawn_from(3):
                assert everything() != expected
    with pytest.raises(KeyError), seeds.drawn_from(1):
        everything()
        raise KeyError
    assert everything() == unmoved


def test_a_large_seed_is_one_too():
    drawn = set()
    for seed in (2**63 - 1, 2**63 - 2):
        with seeds.drawn_from(seed):
            drawn.add(str(everything()))
    assert len(drawn) == 2


def test_unknown_purpose_is_refused():
    with pytest.raises(ValueError, match="weights, batches, split"):
        seeds.generator(0, "noise")
