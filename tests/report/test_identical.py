"""One function under two names is known by its runs, and by nothing else."""

import numpy as np
import pandas as pd
from actbench.report import identical

LABELS = {"celu": "CELU", "elu": "ELU", "relu": "ReLU", "tanh": "tanh"}


def runs(**losses):
    """Three runs each of these losses; None has diverged."""
    rows = [
        {
            "activation": key,
            "depth": 2,
            "setting": "default",
            "seed": seed,
            "fold": 0,
            "status": "ok" if loss is not None else "diverged",
            "trained": loss is not None and loss < 1,
            "n_parameters": 10 + len(key),
            "train_loss": np.nan if loss is None else loss,
            "test_loss": np.nan if loss is None else loss,
            "test_accuracy": 0.9,
        }
        for key, own in losses.items()
        for seed, loss in enumerate(own)
    ]
    return pd.DataFrame(rows)


def test_the_same_losses_in_every_run_are_one_function():
    same = [0.1, 0.2, None]
    table = runs(relu=[0.1, 0.2, 0.3], celu=same, tanh=[0.1, 0.2, 0.31], elu=same)
    assert identical.groups(table) == [["celu", "elu"]]
    assert identical.groups(table.sample(frac=1, random_state=1).sort_values("activation")) == [
        ["celu", "elu"]
    ]
    assert identical.sentence([["celu", "elu"]], LABELS) == (
        "The runs of CELU and ELU are the same in every loss and accuracy, as those of one function under several "
        "names: that they are equivalent is no finding. Each counts by itself all the same, in ranks and in the number of "
        "comparisons."
    )
    two = identical.sentence([["celu", "elu"], ["relu", "tanh"]], LABELS)
    assert two.startswith("The runs of CELU and ELU; of ReLU and tanh are the same")


def test_the_same_runs_are_told_by_depth_and_setting():
    table = runs(celu=[0.1, 0.2], relu=[0.1, 0.3], elu=[0.1, 0.2])
    other = runs(celu=[0.1, 0.2], relu=[0.1, 0.2], elu=[0.1, 0.3]).assign(depth=4, setting="he")
    assert identical.by_place(pd.concat([table, other]), LABELS) == {
        (2, "default"): (("CELU", "ELU"),),
        (4, "he"): (("CELU", "ReLU"),),
    }


def test_equal_accuracies_or_equal_failures_are_no_one_function():
    assert identical.groups(runs(celu=[0.1, 0.2], elu=[0.1, 0.2000001])) == []
    assert identical.groups(runs(celu=[None, None], elu=[None, None])) == []
    assert identical.groups(runs(celu=[2.3, 2.3], elu=[2.3, 2.3])) == []  # did not train
    assert identical.groups(runs(celu=[0.1], elu=[0.1]).drop(columns="train_loss")) == []
    assert identical.sentence([], LABELS) == ""
