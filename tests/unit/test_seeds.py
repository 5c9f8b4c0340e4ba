import pytest
import torch
from actbench import seeds


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


def test_unknown_purpose_is_refused():
    with pytest.raises(ValueError, match="weights, batches, split"):
        seeds.generator(0, "noise")
