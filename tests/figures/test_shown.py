import pytest
from actbench.figures import shown


@pytest.mark.parametrize(
    ("depths", "few"),
    [
        ([2, 4, 8], [2, 4, 8]),
        ([1, 2, 3, 4], [1, 2, 3, 4]),
        (list(range(1, 11)), [1, 4, 7, 10]),
        ([1, 2, 3, 4, 5], [1, 2, 3, 5]),
    ],
)
def test_few_depths_are_all_shown_of_many_some_from_first_to_last(depths, few):
    assert shown.depths({"depths": depths}) == few


def test_a_study_of_hundreds_of_networks_is_summarised():
    def study(seeds, folds=None):
        return {
            "activations": [0] * 6,
            "depths": [2, 4, 8],
            "seeds": list(range(seeds)),
            "evaluation": {"folds": folds},
        }

    assert not shown.summarised(study(16)) and shown.summarised(study(17))
    assert shown.summarised(study(10, folds=3))


@pytest.mark.fault(
    "more than a figure can show",
    "250 activations, histograms of 101 layers, curves of 1,000 epochs",
    "some are drawn, and the caption says how many",
)
@pytest.mark.parametrize(
    ("n", "figures", "few"),
    [(6, 4, 6), (8, 4, 7), (25, 1, 25), (30, 1, 30), (250, 1, 30), (250, 3, 10), (1, 4, 1)],
)
def test_figures_show_as_many_activations_as_can_be_read(n, figures, few):
    """The baseline is among them, wherever it stands, and the order is that of the config."""
    ids = [f"a{i}" for i in range(n)]
    for baseline in (ids[0], ids[-1]):
        chosen = shown.activations(
            {"activations": [{"id": key} for key in ids], "report": {"baseline": baseline}}, figures
        )
        assert len(chosen) == few and baseline in chosen and chosen == sorted(chosen, key=ids.index)
        assert chosen[: few - 1] == ids[: few - 1]
