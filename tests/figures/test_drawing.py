from actbench.figures import drawing


def test_looks_differ_for_twenty_activations():
    looks = drawing.Style({f"a{i}": f"a{i}" for i in range(20)}).looks.values()
    assert len({(look["color"], str(look["linestyle"])) for look in looks}) == 20


def test_a_label_with_an_underscore_has_its_entry_in_the_legend():
    style = drawing.Style({"a": "a", "b": "_hidden"})
    figure = drawing.plt.figure()
    style.legend(figure)
    assert [text.get_text() for text in figure.legends[0].get_texts()] == list(style.labels.values())
