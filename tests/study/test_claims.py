"""Claims: their grammar, and that the study has what they name."""

import pytest
from actbench.errors import UserError
from actbench.study import claims, settings
from actbench.study.relations import TRAINS
from conftest import SCHEMA

STUDY = {
    "study": "mine",
    "dataset": "digits",
    "activations": ["relu", "tanh", {"name": "leakyrelu", "slope": 0.2, "id": "leaky-0.2"}],
    "depths": [2, 8],
    "seeds": [0, 1],
}
SETTINGS = {"default": {}, "he": {"network": {"initialisation": "he"}}}


def resolved(*given, **more):
    return settings.with_recipes(STUDY | {"report": {"claims": list(given)}} | more, SCHEMA)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("tanh > relu at depth 8", ("tanh", ">", "relu", 8, "default")),
        ("tanh < leaky-0.2 at depth 2", ("tanh", "<", "leaky-0.2", 2, "default")),
        (" relu =  tanh at depth 8 in he ", ("relu", "=", "tanh", 8, "he")),
        ("tanh trains more often than relu at depth 2", ("tanh", TRAINS, "relu", 2, "default")),
    ],
)
def test_a_claim_is_read(text, parts):
    (found,) = claims.of_config(resolved(text, settings=SETTINGS))
    assert (found.activation, found.relation, found.other, found.depth, found.setting) == parts
    assert found.text == " ".join(text.split())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "tanh > rely at depth 8",
            "names the activation rely, did you mean relu?; allowed: relu, tanh, leaky",
        ),
        ("tanh > relu at depth 4", "names the depth 4; allowed: 2, 8."),
        ("tanh > relu at depth 8 in He", "names the setting He; allowed: default, he."),
        ("tanh = tanh at depth 8", "names tanh twice; allowed: two activations."),
        ("tanh is better", "'tanh is better' is no claim; allowed: A > B at depth D, "),
        ("tanh > relu", "is no claim"),
        ("", "'' is no claim"),
        ("tanh >= relu at depth 8", "is no claim"),
        ("tanh > relu at depth 8 in", "is no claim"),
    ],
)
def test_what_the_study_cannot_answer_is_refused_in_a_sentence(text, words):
    with pytest.raises(UserError) as refused:
        resolved("tanh > relu at depth 2", text, settings=SETTINGS)
    assert words in str(refused.value) and str(refused.value).startswith("report.claims: ")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["a", "a"], "every entry is allowed once"),
        ([3], "report.claims[0] is 3; allowed: text"),
        ("tanh > relu at depth 2", 'allowed: a list of claims (text) such as "tanh > relu at depth 8"'),
    ],
)
def test_other_than_a_list_of_texts_is_refused(given, words):
    with pytest.raises(UserError, match=r"report\.claims") as refused:
        settings.with_recipes(STUDY | {"report": {"claims": given}}, SCHEMA)
    assert words in str(refused.value)


def test_a_study_without_claims_has_no_trace_of_them():
    plain = settings.with_recipes(STUDY, SCHEMA)
    assert "claims" not in plain["report"] and claims.values(plain) == []
    for none in (None, []):
        assert settings.with_recipes(STUDY | {"report": {"claims": none}}, SCHEMA) == plain


def test_claims_are_written_as_they_can_be_read_again():
    config = resolved("tanh >  relu at depth 8 in he", settings=SETTINGS)
    written = settings.written(config)
    assert written["report"]["claims"] == ["tanh > relu at depth 8 in he"]
    assert settings.with_recipes(written, SCHEMA) == config
