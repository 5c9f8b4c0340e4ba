import pytest
from actbench.analysis import cells
from made_up_cells import RECIPE, study


def profile(pooled):
    """The steps of each activation, and its n."""
    return {
        key: (
            [(round(tau, 6), round(share, 6)) for tau, share in zip(own["tau"], own["share"], strict=True)],
            own["n"].max(),
        )
        for key, own in pooled.profile.groupby("activation")
    }


def test_a_profile_over_the_cells_of_three_data_sets_by_hand():
    """relu is best in a and b, tanh in c; gelu takes part in two of three."""
    pooled = cells.pooled(
        [
            study("a", "digits", relu=[0.9, 0.8], tanh=[0.8, 0.8], gelu=[0.7, 0.7]),
            study("b", "mnist", relu=[0.9], tanh=[0.88]),
            study("c", "fashion_mnist", relu=[0.6], tanh=[0.8], gelu=[0.8]),
        ]
    )
    assert profile(pooled) == {
        "relu": ([(0, 0.666667), (0.2, 1)], 3),
        "tanh": ([(0, 0.333333), (0.02, 0.666667), (0.05, 1)], 3),
        "gelu": ([(0, 0.5), (0.15, 1)], 2),
    }
    assert [(cell["study"], cell["dataset"], cell["depth"]) for cell in pooled.cells] == [
        (["a"], "digits", 2),
        (["b"], "mnist", 2),
        (["c"], "fashion_mnist", 2),
    ]
    assert pooled.rows.query("cell == 0")["activation"].tolist() == ["relu", "tanh", "gelu"]
    rows = {row["activation"]: row for row in cells.summary(pooled, 0.02)}
    assert list(rows) == ["relu", "tanh", "gelu"]
    assert (rows["tanh"]["n_cells"], rows["tanh"]["n_best"], rows["tanh"]["n_within"]) == (3, 1, 2)
    assert (rows["tanh"]["median"], rows["tanh"]["most"]) == (0.02, 0.05)
    assert (rows["gelu"]["n_cells"], rows["gelu"]["n_within"]) == (2, 1)


def test_studies_of_the_same_images_and_recipe_share_their_cells():
    """Whatever the setting is called; a seed that both have counts once."""
    first = study("a", relu=[0.9, 0.8])
    second = study("b", setting="plain", tanh=[0.7, 0.7], relu=[0.8, 0.6], seeds=(1, 2))
    second[0]["settings"] = {"plain": {}, "adam": {"training": {"optimizer": "adam"}}}
    second[0]["training"] = RECIPE["training"] | {"histograms": True}
    pooled = cells.pooled([first, second])
    assert [cell["study"] for cell in pooled.cells] == [["a", "b"]]
    relu, tanh = pooled.rows.to_dict("records")
    assert (relu["activation"], relu["n_seeds"], tanh["n_seeds"]) == ("relu", 3, 2)
    assert relu["accuracy"] == pytest.approx((0.9 + 0.8 + 0.6) / 3)
    assert tanh["behind"] == pytest.approx(relu["accuracy"] - 0.7, abs=1e-6)


def test_own_data_are_the_same_wherever_their_file_lies():
    first, second = study("a", "mine", relu=[0.9]), study("b", "mine", tanh=[0.8])
    for one, file in ((first, "here.npz"), (second, "there.npz")):
        one[0]["own_data"] = {"file": file, "label": None, "sha256": "0", "n_images": 60}
    assert [cell["study"] for cell in cells.pooled([first, second]).cells] == [["a", "b"]]
    second[0]["own_data"]["sha256"] = "1"
    second[1]["activation"] = "relu"
    assert len(cells.pooled([first, second]).cells) + cells.pooled([first, second]).n_left_out == 2


MINE = {"id": "mine", "label": "M", "name": "mine", "import": "mine:F", "beta": 2.0}
CODE = {"mine.py": "0", "helper.py": "0"}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"import": "mine:G"}, CODE),
        ({"import": "other:F"}, CODE),
        ({"beta": 1.0}, CODE),
        ({"import": None, "name": "relu"}, CODE),
        ({}, CODE | {"mine.py": "1"}),
        ({}, CODE | {"helper.py": "1"}),
    ],
    ids=str,
)
@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
def test_an_id_that_is_of_two_activations_stays_two(change, code, order):
    """The first and the third study mean the same, the second something else, whatever comes first."""
    given = [
        study("a", relu=[0.7], mine=[0.9]),
        study("b", relu=[0.7], mine=[0.6]),
        study("c", "mnist", relu=[0.7], mine=[0.9]),
    ]
    entries, codes = [MINE, MINE | change, MINE | {"label": "N"}], [CODE, code, CODE | {"more.py": "0"}]
    for one, entry in zip(given, entries, strict=True):
        one[0]["activations"] = [{"id": "relu", "label": "ReLU", "name": "relu"}, entry]
    ids = cells.apart([(given[place][0], codes[place]) for place in order])
    same = "mine (c and a)" if order == (2, 1, 0) else "mine (a and c)"
    assert ids == {("a", "mine"): same, ("c", "mine"): same, ("b", "mine"): "mine (b)"}
    pooled = cells.pooled([given[place] for place in order], ids)
    rows = pooled.rows.set_index(["cell", "activation"])["accuracy"].sort_index()
    first = [cell["dataset"] for cell in pooled.cells].index("digits")
    assert rows[first].to_dict() == {same: 0.9, "mine (b)": 0.6, "relu": pytest.approx(0.7)}
    assert rows[1 - first].to_dict() == {same: 0.9, "relu": pytest.approx(0.7)}


def test_what_is_the_same_keeps_its_id():
    """Also where one has more code, of another activation, or its activation is of the registry."""
    given = [(study(name)[0] | {"activations": [MINE]}, CODE | {name: name}) for name in "ab"]
    assert cells.apart(given) == {}
    relu = {"id": "relu", "label": "ReLU", "name": "relu", "import": None}
    assert cells.apart([(study("a")[0] | {"activations": [relu]}, {"x": x}) for x in "12"]) == {}


@pytest.mark.parametrize(
    "change",
    [
        {"dataset": "mnist"},
        {"own_data": {"sha256": "other", "label": None}},
        {"evaluation": {"folds": 3, "validation": None}},
        {"network": RECIPE["network"] | {"width": 32}},
        {"training": RECIPE["training"] | {"optimizer": "adam"}},
        {"normalisation": "standard"},
        {"settings": {"default": {"normalisation": "standard"}}},
        {"settings": {"default": {"training": {"optimizer": "adam"}}}},
        "evaluated",
        "depth",
    ],
    ids=str,
)
def test_other_studies_have_cells_of_their_own(change):
    given = {"evaluated": ["other"]} if change == "evaluated" else {"depth": 4} if change == "depth" else {}
    second = study("b", relu=[0.8], tanh=[0.9], **given)
    if not given:
        second[0].update(change)
    pooled = cells.pooled([study("a", relu=[0.9], tanh=[0.8]), second])
    assert [cell["study"] for cell in pooled.cells] == [["a"], ["b"]]
    assert profile(pooled)["relu"] == ([(0, 0.5), (0.1, 1)], 2)


def test_networks_that_were_tested_on_several_sets_of_images_share_nothing():
    given = {"evaluated": ["one", "other"], "relu": [0.9], "tanh": [0.8]}
    assert len(cells.pooled([study("a", **given), study("b", **given)]).cells) == 2


def test_hidden_sizes_of_other_depths_are_no_matter():
    first, second = study("a", relu=[0.9]), study("b", tanh=[0.9])
    for sizes, one in (([[8, 8], [4, 4, 4]], first), ([[8, 8], [5]], second)):
        one[0]["network"] = RECIPE["network"] | {"width": None, "hidden_sizes": sizes}
    assert len(cells.pooled([first, second]).cells) == 1


def test_tuning_counts_where_it_is_used_only():
    for rate, expected in ((0.05, 1), ("tuned", 2)):
        first, second = study("a", relu=[0.9], tanh=[0.8]), study("b", relu=[0.9], tanh=[0.8])
        for one in (first, second):
            one[0]["training"] = RECIPE["training"] | {"learning_rate": rate}
        second[0]["tuning"] = RECIPE["tuning"] | {"seeds": 5}
        assert len(cells.pooled([first, second]).cells) == expected


def test_cells_that_decide_nothing_are_left_out():
    """One activation alone is the best by itself; where none trained there is no best."""
    pooled = cells.pooled(
        [
            study("a", relu=[0.9]),
            study("b", "mnist", relu=[0.1, None], tanh=[0.2, 0.1]),
            study("c", "fashion_mnist", relu=[0.9, None], tanh=[0.1, 0.1]),
        ]
    )
    assert ([cell["study"] for cell in pooled.cells], pooled.n_left_out) == ([["c"]], 2)
    relu = pooled.rows.to_dict("records")[0]
    assert (relu["accuracy"], relu["n_trained"], relu["n_seeds"]) == (pytest.approx(0.5), 1, 2)
    nothing = cells.pooled([study("a", relu=[0.9])])
    assert nothing.cells == [] and nothing.rows.empty and nothing.profile.empty
    assert cells.summary(nothing, 0.01) == []


def test_rounding_is_no_difference():
    pooled = cells.pooled([study("a", relu=[0.1 + 0.7, 0.9], tanh=[0.8, 0.9])])
    assert pooled.rows["behind"].tolist() == [0, 0]
