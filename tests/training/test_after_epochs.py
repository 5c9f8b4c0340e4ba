"""Weights after single epochs are those of a training that ends there."""

import dataclasses

import pytest
import test_normalised
import test_stack
from actbench.runtime import seeds
from actbench.training import compared, fitting
from own_activations import Annealed, own
from test_fitting import SETTINGS

pytestmark = pytest.mark.usefixtures("one_thread")
SEEDS = [0, 1, 2]
MEMBERS = {
    "learnt slopes": lambda of: test_stack.members("prelu", of),
    "batch norm": lambda of: test_normalised.members("tanh", "batch", of=of),
    "a state of its own": lambda of: test_stack.members(own(Annealed), of),
}


def fit(data, networks, of=SEEDS, epochs=(), **changes):
    settings = dataclasses.replace(SETTINGS, **changes)
    return fitting.fit(networks, data, settings, [seeds.generator(s, "batches") for s in of], epochs=epochs)


def assert_same(state, expected):
    assert state.keys() == expected.keys()
    assert all(compared._same(state[name], expected[name]) for name in expected)


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
@pytest.mark.parametrize("kind", MEMBERS)
def test_weights_of_an_epoch_are_those_of_a_training_that_ends_there(toy, kind, optimizer):
    """Side by side and alone, whatever weights are kept, and without any effect on these."""
    make, how = MEMBERS[kind], {"optimizer": optimizer, "learning_rate": 0.01, "weight_decay": 0.01}
    together = fit(toy, make(SEEDS), epochs=[1, 3], **how)
    test_stack.assert_same(together, fit(toy, make(SEEDS), **how))
    for seed, result in zip(SEEDS, together, strict=True):
        (alone,) = fit(toy, make([seed]), [seed], epochs=[1, 3], keep="last", **how)
        assert list(result.snapshots) == list(alone.snapshots) == [1, 3]
        for epoch in (1, 3):
            (ended,) = fit(toy, make([seed]), [seed], max_epochs=epoch, keep="last", **how)
            assert_same(result.snapshots[epoch], ended.state)
            assert_same(alone.snapshots[epoch], ended.state)
        assert not compared._same(*(result.snapshots[e]["linears.0.weight"] for e in (1, 3)))
    if kind == "batch norm":
        counted = [together[0].snapshots[epoch]["norms.0.num_batches_tracked"] for epoch in (1, 3)]
        assert counted == [8, 24]


def test_a_run_that_stops_early_has_no_later_epochs(toy):
    """Also where its neighbours go on without it."""
    how = {"patience": 2, "max_epochs": 40, "learning_rate": 0.02}
    results = fit(toy, test_stack.members("prelu"), epochs=range(1, 41), **how)
    ends = [len(result.history) for result in results]
    assert len(set(ends)) > 1 and max(ends) < 40
    for result, end in zip(results, ends, strict=True):
        assert list(result.snapshots) == list(range(1, end + 1))
        assert_same(result.snapshots[result.best_epoch], result.state)


def test_a_run_that_diverges_has_the_epochs_before(toy):
    results = fit(toy, test_stack.members("identity"), epochs=range(1, 21), max_epochs=20, learning_rate=0.5)
    assert {result.status for result in results} == {"diverged"}
    assert all(2 < len(result.history) < 20 for result in results)
    for result in results:
        assert list(result.snapshots) == list(range(1, len(result.history)))
        for state in result.snapshots.values():
            assert all(tensor.isfinite().all() for tensor in state.values())
