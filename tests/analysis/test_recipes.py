import json

from actbench.analysis import recipes


def test_a_row_a_setting_with_its_overrides_as_json():
    given = {
        "default": {"label": "default", "overrides": {}},
        "adam": {"label": "Adam", "overrides": {"training": {"optimizer": "adam", "learning_rate": 0.001}}},
    }
    adam, default = recipes.table(given).to_pylist()
    assert default == {"setting": "default", "position": 0, "label": "default", "overrides": "{}"}
    assert (adam["setting"], adam["position"], adam["label"]) == ("adam", 1, "Adam")
    assert json.loads(adam["overrides"]) == given["adam"]["overrides"]
