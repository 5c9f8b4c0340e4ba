import base64

import pytest
from actbench.report import page


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


def test_the_policy_names_the_script_by_its_digest(tmp_path):
    """The digest of an empty script, as `openssl dgst -sha256 -binary | base64` gives it."""
    (tmp_path / "sort.js").touch()
    script = page.script(tmp_path)
    assert script == {"code": "", "digest": "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="}


def test_text_is_embedded():
    assert page.embedded("ä") == "data:text/plain;charset=utf-8;base64,w6Q="
