"""Nothing that the user has set for other programs that draw reaches a figure."""

import io
import os
import subprocess
import sys
from pathlib import Path

import pypdf
import pytest
from actbench.figures import drawing, plotting
from conftest import ROOT
from fontTools import subset, ttLib

DRAW = """
import locale
try:
    locale.setlocale(locale.LC_ALL, "")
except locale.Error:
    pass
from actbench.figures import drawing
drawing.use_style()
style = drawing.Style({"relu": "ReLU – é", "tanh": "tanh"})
figure, axes = drawing.panels(1, 2, height=2)
for axis in axes.flat:
    axis.plot([0.1, 0.25, 1234.5], [1e-3, 2.5, 3], **style.line("relu"))
    axis.set_title(style.title("relu"))
style.legend(figure)
drawing.save(figure, "a.svg", "a.pdf", "a.png")
"""
TYPOGRAPHER = "text.usetex: True\nfont.family: serif\nsavefig.bbox: tight\naxes.formatter.use_locale: True\nbackend: pdf\n"
BROKEN = "axes.grid True\nlines.linewidth: thick\nfont.size: 3: 4\nbackend: none\nno.such.key: 1\n"
NOT_UTF8 = b"axes.grid: \xff\xfe\n"
SOME = [("the folder", TYPOGRAPHER.encode()), ("MPLCONFIGDIR", NOT_UTF8)]  # that `make test` tries


def drawn(folder: Path, **environment) -> dict[str, bytes]:
    """The files that a process draws in a folder, which says nothing."""
    folder.mkdir(exist_ok=True)
    variables = os.environ | {"PYTHONPATH": str(ROOT / "workflow" / "scripts")} | environment
    command = [sys.executable, "-c", DRAW]
    done = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    return {path.name: path.read_bytes() for path in folder.glob("a.*")}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    files = drawn(tmp_path_factory.mktemp("plain"))
    assert files.keys() == {"a.svg", "a.pdf", "a.png"}
    return files


FAULT = pytest.mark.fault(
    "settings of matplotlib",
    "a matplotlibrc that asks for TeX, is broken or not UTF-8, in the folder, at home and where MATPLOTLIBRC says; such a "
    "style; backends that are not there; a folder of caches that cannot be written; a locale with a decimal comma",
    "the bytes of undisturbed figures, and nothing is said",
)


@FAULT
@pytest.mark.parametrize(
    "place", ["the folder", "XDG_CONFIG_HOME", "MPLCONFIGDIR", "MATPLOTLIBRC", "a style"]
)
@pytest.mark.parametrize("content", [TYPOGRAPHER.encode(), BROKEN.encode(), NOT_UTF8])
def test_a_file_of_settings_stays_out(undisturbed, tmp_path, place, content, chaos):
    if not chaos and (place, content) not in SOME:
        pytest.skip("only with --chaos")
    home = tmp_path / "home"
    places = {
        "the folder": (tmp_path / "matplotlibrc", {}),
        "XDG_CONFIG_HOME": (home / "matplotlib" / "matplotlibrc", {"XDG_CONFIG_HOME": str(home)}),
        "MPLCONFIGDIR": (home / "matplotlibrc", {"MPLCONFIGDIR": str(home)}),
        "MATPLOTLIBRC": (home / "mine", {"MATPLOTLIBRC": str(home / "mine")}),
        "a style": (home / "matplotlib/stylelib/default.mplstyle", {"XDG_CONFIG_HOME": str(home)}),
    }
    path, environment = places[place]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    assert drawn(tmp_path, **environment) == undisturbed


@FAULT
@pytest.mark.parametrize(
    "setting",
    [
        {"MATPLOTLIBRC": "/nowhere"},
        {"MPLBACKEND": "no.such"},
        {"MPLBACKEND": "qtagg"},
        {"MPLBACKEND": "module://nowhere"},
        {"MPLCONFIGDIR": "/proc/nowhere"},
        {"MPLCONFIGDIR": "caches"},
        {"HOME": "/proc/nowhere"},
        {"XDG_CACHE_HOME": "/dev/null"},
    ],
)
def test_a_variable_stays_out(undisturbed, tmp_path, setting, chaos):
    if not chaos and setting != {"MPLBACKEND": "no.such"}:
        pytest.skip("only with --chaos")
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    assert drawn(tmp_path / "here", TMPDIR=str(temporary), **setting) == undisturbed
    assert not list(temporary.iterdir())


@FAULT
def test_a_decimal_comma_stays_out(undisturbed, tmp_path):
    try:
        command = ["localedef", "-i", "de_DE", "-f", "UTF-8", str(tmp_path / "de_DE.UTF-8")]
        subprocess.run(command, capture_output=True)
    except FileNotFoundError:
        pass
    if not (tmp_path / "de_DE.UTF-8").is_dir():
        pytest.skip("localedef cannot make de_DE.UTF-8 here")
    (tmp_path / "matplotlibrc").write_text("axes.formatter.use_locale: True\n")
    german = {"LC_ALL": "de_DE.UTF-8", "LANGUAGE": "de", "LOCPATH": str(tmp_path)}
    assert drawn(tmp_path, **german) == undisturbed


def test_what_was_set_is_there_afterwards(tmp_path):
    """For the programs that a job calls, such as git."""
    code = (
        "import os\nbefore = dict(os.environ), os.getcwd()\nfrom actbench.figures import drawing, plotting\n"
        "assert before == (dict(os.environ), os.getcwd())\n"
        "assert plotting.matplotlib.get_cachedir().startswith(os.environ['MPLCONFIGDIR'])"
    )
    variables = os.environ | {"MPLCONFIGDIR": str(tmp_path), "MPLBACKEND": "none", "XDG_CONFIG_HOME": "/proc"}
    variables["PYTHONPATH"] = str(ROOT / "workflow" / "scripts")
    done = subprocess.run([sys.executable, "-c", code], env=variables, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_pdf_leaves_nothing_in_the_log_of_a_job(tmp_path, caplog):
    caplog.set_level("INFO")
    drawing.use_style()
    figure = plotting.plt.figure()
    figure.text(0.5, 0.5, "letters")
    drawing.save(figure, tmp_path / "a.pdf")
    assert not caplog.records


def test_a_pdf_has_the_letters_it_shows_and_no_rules_of_setting_them(tmp_path):
    """As TrueType, and its text can be searched; the options of other users of fontTools stay."""
    before = list(subset.Options._drop_tables_default)
    (tmp_path / "a.pdf").write_bytes(drawn(tmp_path / "drawn")["a.pdf"])
    (page,) = pypdf.PdfReader(tmp_path / "a.pdf").pages
    text = page.extract_text()
    assert "ReLU – é" in text and "tanh" in text and "1000" in text
    fonts = [font.get_object() for font in page["/Resources"]["/Font"].values()]
    assert fonts
    for font in fonts:
        parts = [part.get_object() for part in font.get("/DescendantFonts", [font])]
        for part in parts:
            embedded = part["/FontDescriptor"]["/FontFile2"].get_data()
            tables = ttLib.TTFont(io.BytesIO(embedded)).keys()
            assert "glyf" in tables and not set(plotting.RULES) & set(tables)
    with plotting.fonts_of_outlines():
        assert subset.Options().drop_tables[-5:] == ["GDEF", "GPOS", "GSUB", "MATH", "kern"]
    assert subset.Options._drop_tables_default == before


def test_a_font_is_looked_up_once_while_a_figure_is_written_and_as_before_afterwards():
    manager = plotting.fontManager
    usual = manager._find_fonts_by_props("DejaVu Sans")
    with plotting.fonts_once():
        first = manager._find_fonts_by_props("DejaVu Sans")
        assert first == usual and manager._find_fonts_by_props("DejaVu Sans") is first
    assert manager._find_fonts_by_props("DejaVu Sans") is not first
    assert "_find_fonts_by_props" not in vars(manager)


def test_ticks_are_placed_once_a_panel_and_follow_its_limits(tmp_path, monkeypatch):
    """A panel within another has its own, and the figure is the one that matplotlib draws by itself."""
    placed = []
    usual = plotting.Axis._update_ticks
    monkeypatch.setattr(plotting.Axis, "_update_ticks", lambda axis: placed.append(axis) or usual(axis))
    before = [dict(vars(kind)) for kind in plotting.Axes.__mro__]
    figure, axis = plotting.plt.subplots()
    axis.inset_axes([0.5, 0.5, 0.4, 0.4]).set_xlim(0, 3)
    axis.set_title("title")

    def drawn():
        placed.clear()
        figure.savefig(tmp_path / "a.svg", metadata={"Date": None})
        return (tmp_path / "a.svg").read_bytes(), len(placed)

    for limit in (1, 1e4):
        axis.set_xlim(0, limit)
        by_itself, often = drawn()
        with plotting.ticks_once():
            assert plotting.Axis._update_ticks is not usual
            once, seldom = drawn()
        assert once == by_itself and seldom <= often / 2
    assert [dict(vars(kind)) for kind in plotting.Axes.__mro__] == before
