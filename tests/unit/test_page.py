import base64

import pytest
from actbench import page


def test_values_are_escaped_and_missing_ones_are_errors(tmp_path):
    template = tmp_path / "a.html"
    template.write_text("<p>{{ name }}</p>")
    assert page.render(template, {"name": "<script>{{7*7}}"}) == "<p>&lt;script&gt;{{7*7}}</p>"
    with pytest.raises(Exception, match="name"):
        page.render(template, {})


def test_files_are_embedded_with_their_type(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("a,b\n")
    kind, content = page.data_uri(path).split(",", 1)
    assert kind == "data:text/csv;base64" and base64.b64decode(content) == b"a,b\n"
