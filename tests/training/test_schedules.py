"""Learning rates are those of torch's own schedulers."""

import dataclasses
import math

import pytest
import torch
from actbench.networks.families import mlp
from actbench.networks.family import Recipe
from actbench.runtime import seeds
from actbench.training import fitting, schedules
from test_fitting import SETTINGS
from torch.optim import lr_scheduler


def settings(**changes):
    return dataclasses.replace(SETTINGS, **changes)


def of_torch(optimizer, schedule, warm_up, epochs):
    """The scheduler that the config's words stand for."""
    constant = lr_scheduler.ConstantLR(optimizer, factor=1.0)
    main = lr_scheduler.CosineAnnealingLR(optimizer, epochs - warm_up) if schedule == "cosine" else constant
    if not warm_up:
        return main
    rising = lr_scheduler.LinearLR(optimizer, start_factor=1 / (warm_up + 1), total_iters=warm_up)
    return lr_scheduler.SequentialLR(optimizer, [rising, main], milestones=[warm_up])


def rates_of_torch(schedule, warm_up, epochs, lr):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=lr)
    scheduler, found = of_torch(optimizer, schedule, warm_up, epochs), []
    for _ in range(epochs):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return found


@pytest.mark.parametrize("epochs", [4, 10, 100])
@pytest.mark.parametrize("warm_up", [0, 1, 3])
@pytest.mark.parametrize("schedule", ["constant", "cosine"])
def test_rates_are_those_of_torchs_schedulers(schedule, warm_up, epochs):
    found = [0.3 * schedules.factor(epoch, schedule, warm_up, epochs) for epoch in range(1, epochs + 1)]
    assert found == pytest.approx(rates_of_torch(schedule, warm_up, epochs, 0.3), rel=1e-12)


def test_known_values():
    halves = [(1 + math.cos(math.pi * k / 4)) / 2 for k in range(4)]
    assert [schedules.factor(epoch, "cosine", 1, 5) for epoch in range(1, 6)] == [0.5, *halves]
    assert halves[0] == 1 and halves[2] == pytest.approx(0.5)


def test_by_default_nothing_changes():
    assert (SETTINGS.schedule, SETTINGS.warmup_epochs) == ("constant", 0)
    assert {schedules.factor(epoch, "constant", 0, 5) for epoch in range(1, 6)} == {1.0}


@pytest.mark.parametrize(("optimizer", "kind"), [("adam", "Adam"), ("adamw", "AdamW")])
def test_a_training_is_that_of_torchs_optimiser_and_scheduler(toy, optimizer, kind):
    """All weights after all epochs, batch by batch."""
    changes = {"optimizer": optimizer, "schedule": "cosine", "warmup_epochs": 2, "max_epochs": 6}
    how = settings(**changes, keep="last", learning_rate=0.01, weight_decay=0.1)
    ours, theirs = (mlp.build(Recipe([4, 16, 4], "tanh"), seeds.generator(0, "weights")) for _ in range(2))
    fitting.fit([ours], toy, how, [seeds.generator(0, "batches")])
    update = getattr(torch.optim, kind)(theirs.parameters(), lr=0.01, weight_decay=0.1)
    scheduler, batches = of_torch(update, "cosine", 2, 6), seeds.generator(0, "batches")
    for _ in range(6):
        for rows in torch.randperm(256, generator=batches).split(32):
            update.zero_grad()
            torch.nn.functional.cross_entropy(theirs(toy.train.x[rows]), toy.train.y[rows]).backward()
            update.step()
        scheduler.step()
    for own, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(own, other, rtol=1e-4, atol=1e-6)
