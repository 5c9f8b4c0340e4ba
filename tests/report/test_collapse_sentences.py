"""The sentence on layers that answer alike to all images, with data of which it must speak, and must not."""

import pandas as pd
import pytest
from actbench.report.collapse_sentences import collapsed

LABELS = {"relu": "ReLU", "tanh": "tanh", "elu": "ELU"}


def table(*rows, layer=None, signal="activation"):
    """Rows of activation, depth, checkpoint and the cosines of its runs, in the last hidden layer."""
    found = [
        {"activation": key, "depth": depth, "checkpoint": checkpoint, "seed": seed, "mean_cosine": cosine}
        for key, depth, checkpoint, cosines in rows
        for seed, cosine in enumerate(cosines)
    ]
    frame = pd.DataFrame(found).assign(signal=signal)
    return frame.assign(layer=frame["depth"] - 1 if layer is None else layer)


def test_each_depth_has_its_sentence_in_the_order_of_the_config():
    rows = [
        ("tanh", 8, "trained", [0.9999999, 1.0]),
        ("elu", 8, "init", [0.9993, 0.9995]),
        ("relu", 8, "init", [0.9994, 0.9994]),
        ("tanh", 8, "init", [0.998, 0.9991]),
        ("elu", 2, "init", [0.99951, 0.99953]),
    ]
    assert collapsed(table(*rows), LABELS) == (
        "At depth 2 the activations of two images have a mean cosine of 0.9995 with ELU at initialisation (last hidden "
        "layer, means over 2 runs; 1 is the same direction for every image). "
        "At depth 8 the activations of two images have a mean cosine of 0.9994 with ReLU and ELU at initialisation and "
        "more than 0.9999 with tanh after training (last hidden layer, means over 2 runs; 1 is the same direction for "
        "every image)."
    )


def test_rows_of_a_table_are_examples():
    said = collapsed(table(("elu", 2, "init", [0.9995])), LABELS, "examples")
    assert "activations of two examples have" in said and said.endswith(
        "the same direction for every example)."
    )


def test_nothing_is_said_at_the_limit_or_below():
    assert collapsed(table(("tanh", 8, "init", [0.999, 0.999])), LABELS) == ""
    assert collapsed(table(("tanh", 8, "init", [0.9999, 0.99])), LABELS) == ""


def test_nothing_is_said_of_other_layers_signals_and_epochs():
    row = ("tanh", 8, "init", [1.0, 1.0])
    assert collapsed(table(row, layer=6), LABELS) == ""
    assert collapsed(table(row, signal="preactivation"), LABELS) == ""
    assert collapsed(table(("tanh", 8, "epoch1", [1.0, 1.0])), LABELS) == ""


def test_runs_without_a_cosine_are_not_counted():
    rows = table(("tanh", 2, "init", [0.9995, None, 0.9995]), ("elu", 2, "init", [0.9995, 0.9995, 0.9995]))
    assert "0.9995 with tanh and ELU" in collapsed(rows, LABELS)
    assert "means over 2 to 3 runs;" in collapsed(rows, LABELS)
    assert "n = 1 run;" in collapsed(table(("tanh", 2, "init", [0.9995, None])), LABELS)
    assert collapsed(table(("tanh", 2, "init", [float("nan")])), LABELS) == ""


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.99901, "0.9990"), (0.9998, "0.9998"), (0.99996, "more than 0.9999"), (1, "more than 0.9999")],
)
def test_a_cosine_is_never_rounded_up_to_1(value, shown):
    assert f"mean cosine of {shown} with tanh" in collapsed(table(("tanh", 2, "init", [value])), LABELS)


def test_of_many_activations_and_depths_a_few_are_said():
    labels = {f"a{number}": f"A{number}" for number in range(9)}
    rows = [
        (key, depth, "init", [0.9991 + 0.0001 * i]) for depth in range(2, 7) for i, key in enumerate(labels)
    ]
    assert collapsed(table(*rows), labels) == (
        "At depth 6 the activations of two images have a mean cosine of 0.9991 with A0 to 0.9999 with A8, 7 more "
        "between, at initialisation (last hidden layer, n = 1 run; 1 is the same direction for every image). "
        "Activations have such a cosine at 4 other depths too."
    )
    same = [(key, 2, "init", [0.9995]) for key in labels]
    assert "0.9995 with A0, A1, A2 and 6 more at initialisation" in collapsed(table(*same), labels)
