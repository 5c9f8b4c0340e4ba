import pandas as pd
import pytest
from actbench.errors import UserError
from actbench.report import job


@pytest.mark.parametrize(
    "change",
    [{}, {"seeds": [0]}, {"depths": [2, 3]}, {"evaluation": {"folds": 2}}, {"settings": {"adam": {}}}],
)
def test_a_table_of_other_runs_is_not_reported(change):
    config = {
        "study": "mine",
        "activations": [{"id": "relu"}, {"id": "tanh"}],
        "depths": [2],
        "settings": {"default": {}},
        "seeds": [0, 1],
        "evaluation": {"folds": None},
    }
    rows = [(key, 2, "default", seed, 0) for key in ("tanh", "relu") for seed in (1, 0)]
    runs = pd.DataFrame(rows, columns=["activation", "depth", "setting", "seed", "fold"])
    runs["activation"] = pd.Categorical(runs["activation"], ["relu", "tanh", "elu"])
    if not change:
        job.check_runs(config, runs)
        return
    with pytest.raises(
        UserError, match=r"results/mine/tables/runs.parquet holds other runs than are planned"
    ):
        job.check_runs(config | change, runs)
