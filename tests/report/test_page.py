import base64

import pytest
from actbench.report import page
from conftest import ROOT


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


def test_the_policy_names_each_script_by_its_digest(tmp_path):
    """The digest of an empty script, as `openssl dgst -sha256 -binary | base64` gives it."""
    for name in page.SCRIPTS:
        (tmp_path / name).touch()
    empty = {"code": "", "digest": "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="}
    assert page.script(tmp_path) == [empty, empty]


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("history", "Its numbers are not in this page: <code>tables/a.parquet</code>."),
        ("history runs", "Drawn from <code>tables/a.parquet</code>."),
        ("packed", "Drawn from <code>tables/a.parquet</code>."),
    ],
)
def test_a_figure_without_its_table_in_the_page_says_where_its_numbers_are(table, said):
    given = {
        "figures": {"a": "data:,"},
        "counter": page.counter(),
        "csvs": {"runs": ""},
        "compressed": {"packed": ""},
    }
    given |= {"labels": {}, "shown_activations": {"everywhere": []}}
    given |= {"config": {"study": "s"}, "settings": ["default"], "settings_named": False}
    call = f'{{% call parts.figure("a", "alt", "tables/a.parquet", "{table}") %}}Text.{{% endcall %}}'
    template = page.environment(ROOT / "workflow/report").from_string(
        '{% import "parts.html" as parts with context %}' + call
    )
    text = " ".join(template.render(given).split())
    assert f"Text. {said}</figcaption>" in text.replace("\n", " ") and text.count("tables/a.parquet") == 1


def test_what_is_no_drawing_is_an_image_and_both_escape_their_text():
    alt = 'a "<b>" & c'
    assert page.picture("data:,", alt) == '<img src="data:," alt="a &#34;&lt;b&gt;&#34; &amp; c">'
    drawing = page.picture('<svg viewBox="0 0 1 1"></svg>', alt)
    assert drawing.startswith('<svg role="img" aria-label="a &quot;&lt;b>&quot; &amp; c" viewBox')


def test_text_is_embedded():
    assert page.embedded("ä") == "data:text/plain;charset=utf-8;base64,w6Q="
