import pytest
from actbench.figures import drawing


def test_looks_differ_for_twenty_activations():
    looks = drawing.Style({f"a{i}": f"a{i}" for i in range(20)}).looks.values()
    assert len({(look["color"], str(look["linestyle"])) for look in looks}) == 20


def test_a_part_of_a_study_looks_as_it_does_in_the_whole():
    keys = [f"own_{i}" for i in range(30)]
    whole, some = drawing.Style({key: key for key in keys}).looks, {key: key for key in keys[10:20]}
    expected = {key: whole[key] for key in some}
    assert drawing.Style(some).looks != expected  # some of the others have the same place
    assert drawing.Style(some, every=sorted(keys)).looks == expected


def test_a_label_with_an_underscore_has_its_entry_in_the_legend():
    style = drawing.Style({"a": "a", "b": "_hidden"})
    figure = drawing.plt.figure()
    style.legend(figure)
    assert [text.get_text() for text in figure.legends[0].get_texts()] == list(style.labels.values())


def test_a_pdf_has_no_type_3_font(tmp_path):
    """Editors and journals refuse them; matplotlib's default is Type 3."""
    drawing.use_style()
    figure, axes = drawing.panels(1, 1, height=2)
    axes[0][0].set_title("text, $σ_w$ and 𝛿")
    drawing.save(figure, tmp_path / "a.pdf")
    fonts = fonts_of(tmp_path / "a.pdf")
    assert fonts and "/Type3" not in fonts


def test_a_figure_is_drawn_once_for_each_file_and_laid_out_once(monkeypatch, tmp_path):
    drawing.use_style()
    figure, axes = drawing.panels(1, 2, height=2)
    axes[0][0].set_ylabel("a label that needs room")
    done = []

    def note(owner, name):
        own = getattr(owner, name)
        monkeypatch.setattr(owner, name, lambda *given: done.append(name) or own(*given))

    note(drawing.Figure, "draw")
    note(type(figure.get_layout_engine()), "execute")
    before = axes[0][0].get_position().x0
    drawing.save(figure, tmp_path / "a.svg", tmp_path / "a.pdf", tmp_path / "a.png")
    assert done == ["execute", "draw", "draw", "draw"] and axes[0][0].get_position().x0 != before


def fonts_of(path):
    """The kinds of fonts of a PDF."""
    pypdf = pytest.importorskip("pypdf")
    pages = pypdf.PdfReader(path).pages
    return {font.get_object()["/Subtype"] for page in pages for font in page["/Resources"]["/Font"].values()}


def test_accuracies_at_an_axis_are_round_few_and_apart():
    """Known ranges: most networks of a study between 50 and 70 %, and one whose best reach 99.9 %."""
    assert drawing.levels(0.25, 0.73) == [0.3, 0.4, 0.5, 0.6, 0.7]
    assert drawing.levels(0.0, 0.985) == [0, 0.5, 0.8, 0.9, 0.95, 0.98]
    assert 3 <= len(drawing.levels(0.61, 0.64)) <= drawing.TICKS  # where nothing round lies, finer ones
    for most in (5, 7):
        places = drawing.stretch(drawing.levels(0.2, 0.9995, most))
        assert 3 <= len(places) <= most + 1
        assert min(places[1:] - places[:-1]) >= 0.9 * (drawing.stretch(0.9995) - drawing.stretch(0.2)) / most
