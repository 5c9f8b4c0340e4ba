"""The comparison for papers: what the tables hold, and that a real TeX typesets them."""

import re
import shutil
import subprocess

import pandas as pd
import pytest
from actbench.report import exports
from actbench.report.quotes import About

LABELS = {"relu": "ReLU & co_1", "tanh": "a|b"}
KNOWN = About("my_study", "digits", LABELS["relu"], "", 5, 1, 15, 0.01, 300)
MADE = KNOWN._replace(
    recipe="64 units a hidden layer, SGD with momentum 0.9 and at most 40 epochs",
    criterion="Trained: did not diverge, and reached a validation accuracy at least a quarter of 100 %.",
    parameters=["a|b: slope 0.1"],
)
HOSTILE = [
    r"\input{/etc/passwd}",
    r"50 % & #1_$x^2$ ~{",
    "}} \\end{tabular} \\\\",
    "[2pt] * x -- ''",
    '"<quoted>" | `code`',
    "Köster ñ Łódź ŵ α β Σ λ x² ½ ±∞",
    "\N{SLIGHTLY SMILING FACE} \N{HEBREW LETTER SHIN}\t中",
]


@pytest.fixture
def comparison():
    base = {
        "depth": 4,
        "n_trained": 5,
        "n_seeds": 5,
        "n_diverged": 0,
        "n_improving": 0,
        "mean": 0.9734,
        "median": 0.9741,
        "ci_low": 0.9612,
        "ci_high": 0.9856,
        "std": 0.01,
        "min": 0.96,
        "max": 0.98,
    }
    nothing = dict.fromkeys(["difference", "difference_low", "difference_high", "p_holm", "d_z"])
    compared = {
        "difference": -0.0123,
        "difference_low": -0.02,
        "difference_high": -0.0046,
        "p_holm": 0.0625,
        "d_z": -1.5,
    }
    rows = [
        base | nothing | {"activation": "relu", "verdict": "baseline", "n_pairs": 0},
        base | compared | {"activation": "tanh", "verdict": "worse", "n_pairs": 5},
    ]
    return pd.DataFrame(rows)


def at_depths(comparison, *depths):
    return pd.concat([comparison.assign(depth=depth) for depth in depths], ignore_index=True)


def test_latex_is_a_table_with_caption_label_groups_and_notes(comparison):
    text = exports.latex(at_depths(comparison, 4, 8), LABELS, KNOWN)
    assert text.isascii()
    assert re.findall(r"\\textit\{(.*?)\}", text) == ["4 hidden layers", "8 hidden layers"]
    assert r"\label{tab:my-study}" in text and r"\begin{table}" in text and "usepackage" not in text
    caption = re.search(r"\\caption\{(.*)\}", text)[1]
    assert "on digits" in caption and "$n = 5$ seeds" in caption and r"study my\_study" in caption
    assert "simultaneous for 15 comparisons (Bonferroni)" in text and r"beyond $\pm$ 1 point." in text
    assert r"ReLU \& co\_1 & 5/5 & 97.34 & 96.12--98.56 & 1.00 & -- & -- & -- & -- &  \\" in text
    row = r"a\textbar{}b & 5/5 & 97.34 & 96.12--98.56 & 1.00 & $-1.23$ & $-2.00$, $-0.46$ & 0.063$^{\dagger}$ & $-1.50$"
    assert row + r" & ${-}$ \\" in text


def test_rules_are_those_of_booktabs_and_need_it_not(comparison):
    text = exports.latex(comparison, LABELS, KNOWN)
    used = set(re.findall(r"^\\(\w+rule)$", text, re.M))
    assert used == {"toprule", "midrule", "bottomrule"}
    assert all(rf"\providecommand{{\{name}}}{{\hline}}" in text for name in used)


def test_the_narrow_form_has_means_with_half_intervals_and_marks(comparison):
    text = exports.narrow(at_depths(comparison, 2, 4, 8, 16), LABELS, KNOWN)
    assert r"Activation & 2 layers & 4 layers & 8 layers \\" in text
    assert r"Activation & 16 layers &  &  \\" in text
    assert r"a\textbar{}b & $97.3 \pm 1.2^{-}$ & $97.3 \pm 1.2^{-}$" in text
    assert r"ReLU \& co\_1 & $97.3 \pm 1.2$ &" in text
    assert r"\label{tab:my-study-narrow}" in text and "(Bonferroni)" in text


def test_the_narrow_form_says_who_did_not_train(comparison):
    table = comparison.assign(mean=None, ci_low=None, ci_high=None, difference=None, verdict="inconclusive")
    table.loc[0, ["n_trained", "n_pairs"]] = [0, 0]
    table.loc[1, ["n_trained", "n_pairs"]] = [3, 3]
    text = exports.narrow(table, LABELS, KNOWN)
    assert r"ReLU \& co\_1 & 0/5 \\" in text
    assert r"a\textbar{}b & $96.0\textrm{--}98.0^{\ast}$ (3/5) \\" in text


def test_more_rows_than_a_page_holds_are_several_tables(comparison):
    keys = [f"x{number}" for number in range(25)]
    many = pd.concat([comparison.iloc[[1]].assign(activation=key) for key in keys], ignore_index=True)
    for form in (exports.latex, exports.narrow):
        text = form(at_depths(many, *range(1, 5)), dict(zip(keys, keys, strict=True)), KNOWN)
        parts = text.split(r"\begin{table}")[1:]
        assert len(parts) == (4 if form is exports.latex else 2)
        assert all(f"Part {number} of {len(parts)}." in part for number, part in enumerate(parts, start=1))
        assert [part.count("x24 &") for part in parts] == [1] * len(parts)
        assert len(set(re.findall(r"\\label\{(.*?)\}", text))) == len(parts)
        assert text.count(r"\providecommand{\toprule}") == 1


def test_markdown_is_a_table_whose_cells_hold_no_bar(comparison):
    lines = exports.markdown(comparison, LABELS).splitlines()
    assert len(lines) == 4 and set(lines[1]) <= set("|:- ")
    assert r"a\|b" in lines[3] and "−1.23" in lines[3] and lines[3].count("|") - 1 == lines[0].count("|")
    assert "| –" in lines[2]


def test_what_the_runs_do_not_give_is_not_shown(comparison):
    """No interval: the range of the runs; no pairs, or an interval beyond 100 points: a dash."""
    table = comparison.assign(ci_low=None, ci_high=None, difference_low=-1.07, difference_high=1.13)
    table.loc[0, ["verdict", "n_pairs"]] = ["inconclusive", 1]
    table.loc[1, ["verdict", "n_pairs"]] = ["inconclusive", 2]
    first, second = exports.markdown(table, LABELS).splitlines()[2:]
    for line in (first, second):
        assert "runs 96.00–98.00" in line and "107" not in line
    assert first.count("inconclusive") == 0 and second.count("inconclusive") == 1
    text = exports.latex(table, LABELS, KNOWN)
    assert "runs 96.00--98.00" in text and "107" not in text


def two_pairs(comparison):
    ends = {"difference_low": -0.6994, "difference_high": 0.7748, "n_trained": 2, "n_pairs": 2}
    return comparison.assign(**ends, verdict=["baseline", "inconclusive"])


def test_an_open_interval_of_two_pairs_is_in_no_form(comparison):
    table = two_pairs(comparison)
    for text in (
        exports.latex(table, LABELS, KNOWN),
        exports.narrow(table, LABELS, KNOWN),
        exports.markdown(table, LABELS),
    ):
        assert "69.94" not in text and "77.48" not in text
    assert r"$-1.23$ & -- & 0.063 &" in exports.latex(table, LABELS, KNOWN)
    decided = table.assign(verdict=["baseline", "equivalent"])
    assert "77.48" in exports.latex(decided, LABELS, KNOWN) and "77.48" in exports.markdown(decided, LABELS)


def test_an_interval_without_0_has_a_mark_and_its_note(comparison):
    table = comparison.assign(verdict=["baseline", "inconclusive"])
    for form in (exports.latex, exports.narrow):
        text = form(table, LABELS, KNOWN)
        assert "{-?}$" in text and r"$-?$ worse, but whether by more than $\pm$ 1 point is open" in text
        assert "told apart" not in text and "equivalent" not in text
    assert "worse?" in exports.markdown(table, LABELS)


def test_what_has_no_mean_has_its_median_or_its_one_accuracy(comparison):
    table = comparison.assign(
        mean=None, ci_low=None, ci_high=None, std=None, difference=None, verdict="inconclusive"
    )
    assert r"& (97.41) & runs 96.00--98.00 & -- &" in exports.latex(table, LABELS, KNOWN)
    assert "In brackets, the median where no mean describes the runs." in exports.latex(table, LABELS, KNOWN)
    assert "median 97.41" in exports.markdown(table, LABELS) and "runs disagree" in exports.markdown(
        table, LABELS
    )
    one = table.assign(n_trained=1, n_pairs=0)
    assert r"& 1/5 & (97.41) & -- & -- &" in exports.latex(one, LABELS, KNOWN)
    assert "In brackets, the one that trained." in exports.latex(one, LABELS, KNOWN)
    assert "$97.4$ (1/5)" in exports.narrow(one, LABELS, KNOWN)


def test_one_seed_has_its_accuracies_and_no_word_on_comparisons(comparison):
    nothing = dict.fromkeys(
        ["mean", "ci_low", "ci_high", "std", "difference", "difference_low", "difference_high"]
    )
    table = comparison.assign(
        **nothing, n_seeds=1, n_trained=1, n_pairs=0, verdict=["baseline", "inconclusive"]
    )
    known = KNOWN._replace(n_seeds=1)
    text = exports.latex(table, LABELS, known)
    assert r"a\textbar{}b & 1/1 & 97.41 \\" in text and r"Activation & Trained & Accuracy \\" in text
    assert "one seed" in text and "$n = 1$" not in text and "seeds" not in text
    short = exports.narrow(table, LABELS, known)
    assert r"a\textbar{}b & $97.4$ \\" in short and "The accuracy of the one seed." in short
    for form in (text, short):
        assert not any(
            word in form for word in ("ifference", "comparisons", "Against", "Bonferroni", "interval")
        )
    assert "97.41" in exports.markdown(table, LABELS) and "Verdict" not in exports.markdown(table, LABELS)


def test_one_activation_has_no_word_on_comparisons(comparison):
    known = KNOWN._replace(n_comparisons=0)
    for text in (exports.latex(comparison[:1], LABELS, known), exports.narrow(comparison[:1], LABELS, known)):
        assert not any(
            word in text for word in ("ifference", "comparisons", "Against", "Bonferroni", "paired")
        )
    assert r"97.34 & 96.12--98.56 & 1.00 \\" in exports.latex(comparison[:1], LABELS, known)
    assert "Verdict" not in exports.markdown(comparison[:1], LABELS)


def test_a_margin_of_0_is_not_written_as_points(comparison):
    text = exports.latex(comparison, LABELS, KNOWN._replace(margin=0))
    assert "$-$ worse, the whole interval beyond 0." in text and r"\pm$ 0" not in text


def test_p_is_in_all_forms_or_in_none(comparison):
    """Where runs lie too far apart for a difference too; not of one pair."""
    apart = comparison.assign(
        mean=None, difference=None, difference_low=None, d_z=None, verdict="inconclusive"
    )
    apart.loc[1, "p_holm"] = 0.5
    assert "& 0.5 & -- &" in exports.latex(apart, LABELS, KNOWN) and "| 0.5 " in exports.markdown(
        apart, LABELS
    )
    apart["n_pairs"] = 1
    assert "0.5" not in exports.latex(apart, LABELS, KNOWN) and "| 0.5 " not in exports.markdown(
        apart, LABELS
    )


def test_captions_and_notes_say_how_networks_were_made_and_what_p_leaves_open(comparison):
    table = comparison.assign(n_diverged=[0, 1], n_improving=[0, 5])
    chosen = {"depth": 4, "learning_rate": 0.1}
    rates = pd.DataFrame([chosen | {"activation": key} for key in ("relu", "tanh")])
    for form in (exports.latex, exports.narrow):
        text = form(table, LABELS, MADE, rates)
        (caption,) = re.findall(r"\\caption\{(.*)\}", text)
        assert caption.endswith(
            "Networks: 64 units a hidden layer, SGD with momentum 0.9 and at most 40 epochs."
        )
        for words in (
            r"accuracy at least a quarter of 100 \%.",
            r"Diverged: a\textbar{}b (1 of 5).",
            r"the epochs: a\textbar{}b (5 of 5).",
            r"Chosen learning rates: 0.1 (ReLU \& co\_1, a\textbar{}b).",
            r"not PyTorch's defaults: a\textbar{}b: slope 0.1.",
            "Every network is tested on the same 300 test examples, one test set.",
        ):
            assert words in text, words
        assert (r"$^{\dagger}$ A verdict although p (Holm) is above 0.05" in text) is (form is exports.latex)
        assert "in turn." in form(table, LABELS, MADE._replace(n_folds=5))
    assert r"\dagger" not in exports.latex(table.assign(p_holm=0.01), LABELS, MADE)


def typeset(folder, document):
    """What TeX says about a document, and the text of its pages."""
    import pypdf

    (folder / "paper.tex").write_text(document, encoding="utf-8")
    command = ["pdflatex", "-no-shell-escape", "-interaction=nonstopmode", "-halt-on-error", "paper.tex"]
    done = subprocess.run(command, cwd=folder, capture_output=True, timeout=120, check=False)
    log = (folder / "paper.log").read_text(encoding="utf-8", errors="replace")
    assert done.returncode == 0, log[-2000:]
    return log, "".join(sheet.extract_text() for sheet in pypdf.PdfReader(folder / "paper.pdf").pages)


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="Debian's texlive-latex-base is not installed")
def test_tex_typesets_both_forms_within_their_columns(comparison, tmp_path):
    hostile = {f"x{number}": label for number, label in enumerate(HOSTILE)}
    rows = [comparison.iloc[[1]].assign(activation=key) for key in hostile]
    labels = LABELS | hostile
    known = KNOWN._replace(study=HOSTILE[1], dataset=HOSTILE[2], baseline=HOSTILE[3], setting=HOSTILE[0])
    strange = pd.concat([comparison, *rows], ignore_index=True)
    long = {"relu": "m" * 60, "tanh": "a label of sixty letters, which has spaces between its words"}
    (tmp_path / "long.tex").write_text(
        exports.latex(comparison, long, KNOWN._replace(baseline=long["relu"])), encoding="ascii"
    )
    (tmp_path / "longnarrow.tex").write_text(
        exports.narrow(at_depths(comparison, 2, 4, 8), long, KNOWN), encoding="ascii"
    )
    (tmp_path / "hostile.tex").write_text(exports.latex(strange, labels, known), encoding="ascii")
    (tmp_path / "wide.tex").write_text(
        exports.latex(at_depths(comparison.assign(n_improving=5), 2, 4), LABELS, MADE), encoding="ascii"
    )
    plain = exports.narrow(at_depths(comparison, 2, 4, 8, 16), {"relu": "relu", "tanh": "leakyrelu"}, MADE)
    (tmp_path / "narrow.tex").write_text(plain, encoding="ascii")
    begin = "\\begin{document}\n"
    log, text = typeset(
        tmp_path,
        f"\\documentclass{{article}}{begin}\\input{{wide}}\\input{{long}}\\input{{hostile}}\\end{{document}}",
    )
    assert "Missing character" not in log and "undefined" not in log
    assert "Overfull" not in log.split("hostile.tex")[0]
    for words in ("−2.00", "97.34", "passwd", "Table 2", "U+1F642", "U+05E9"):
        assert words in text, words
    assert "root:" not in text
    log, text = typeset(
        tmp_path,
        f"\\documentclass[twocolumn]{{article}}{begin}\\input{{narrow}}\\input{{longnarrow}}\\end{{document}}",
    )
    assert "Overfull" not in log and "97.3 ± 1.2" in text
