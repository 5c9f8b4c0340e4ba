import pandas as pd
import pytest
from actbench.report import section


@pytest.mark.parametrize(("best_epoch", "late"), [(20, 1), (19, 1), (18, 0), (1, 0), (None, 0)])
def test_a_network_whose_best_epoch_is_in_the_last_tenth_was_still_improving(best_epoch, late):
    """Of 20 epochs the last tenth are 19 and 20; of one that did not train nothing is said."""
    runs = pd.DataFrame({"activation": "relu", "depth": 2, "trained": [True, True, False]})
    runs["best_epoch"] = pd.array([best_epoch, 5, 20], dtype="Int32")
    (row,) = section.improving(runs, 20).itertuples()
    assert (row.n_networks, row.n_improving) == (2, late)
