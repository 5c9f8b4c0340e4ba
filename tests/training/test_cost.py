import dataclasses

from actbench.networks.families import mlp
from actbench.networks.family import Recipe
from actbench.runtime import seeds
from actbench.training import cost, fitting
from test_fitting import SETTINGS


def of(toy, sizes, **changes):
    settings = dataclasses.replace(SETTINGS, max_epochs=3, **changes)
    network = mlp.build(Recipe(sizes, "relu"), seeds.generator(0, "weights"))
    (fit,) = fitting.fit([network], toy, settings, [seeds.generator(0, "batches")])
    return cost.of_run(network.flops, toy, settings, fit)


def test_images_and_operations_by_hand(toy):
    """4-16-4: 2·64 + 2·64 operations forward, 2·64 more for each weight gradient, 2·64 for one signal."""
    found = of(toy, [4, 16, 4], batch_size=100)
    assert found["n_images"] == 3 * 200  # of 256, two whole mini-batches
    assert found["flops"] == 3 * (200 * (256 + 256 + 128) + 64 * 256)
    assert found["seconds"] > 0


def test_looking_at_the_test_images_costs_too(toy):
    without, with_it = (of(toy, [4, 16, 4], test_each_epoch=asked) for asked in (False, True))
    assert with_it["flops"] - without["flops"] == 3 * 64 * 256
