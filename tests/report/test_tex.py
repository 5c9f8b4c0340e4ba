import pytest
from actbench.report import tex


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("a_1 & b", r"a\_1 \& b"),
        ("{50 %}", r"\{50 \%\}"),
        ("#1 $x$", r"\#1 \$x\$"),
        ("~^", r"\textasciitilde{}\textasciicircum{}"),
        (r"\input{x}", r"\textbackslash{}input\{x\}"),
        ("é ö Ñ ő č", "\\'{e} \\\"{o} \\~{N} \\H{o} \\v{c}"),
        ("α Ω λ", r"$\alpha$ $\Omega$ $\lambda$"),
        ("−1 – 2", "$-$1 -- 2"),
        ("x²", "x$^2$"),
        ("x₂", "x$_2$"),
        ("①１𝟏", r"\textcircled{1}11"),
        ("`", r"\textasciigrave{}"),
        ("\N{FIRST STRONG ISOLATE}a\N{POP DIRECTIONAL ISOLATE}", "a"),
        ("a" * 21 + " b", "a" * 20 + r"\allowbreak{}a b"),
        ("--", "-{}-"),
        ("[*]", "{[}{*}{]}"),
        ("a\nb\tc\x07", "a b c"),
        ("中", "U+4E2D"),
        ("Α", "U+0391"),
    ],
)
def test_text_is_typeset_as_it_was_typed(given, expected):
    assert tex.text(given) == expected and tex.text(given).isascii()


def test_numbers_have_a_true_minus():
    assert [tex.number(-1.234), tex.number(1.2), tex.number(1.2, 1, sign=True)] == [
        "$-1.23$",
        "1.20",
        "$+1.2$",
    ]
    assert [tex.number(-0.001), tex.number(0.0, sign=True), tex.number(None), tex.number(float("nan"))] == [
        "0.00",
        "0.00",
        "--",
        "--",
    ]


def test_small_probabilities_are_powers_of_ten():
    assert tex.probability(0.0625) == "0.063"
    assert tex.probability(1) == "1"
    assert tex.probability(1.2e-5) == r"$1.2 \times 10^{-5}$"


def test_a_key_holds_letters_digits_and_hyphens():
    assert tex.key("My study_2 (%)") == "My-study-2" and tex.key("研究") == "study"
