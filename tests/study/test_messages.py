import jsonschema
import pytest
from actbench.study import messages


def told(instance, schema):
    (error,) = jsonschema.Draft202012Validator(schema).iter_errors(instance)
    return messages.sentence(error)


NUMBER = {"type": "object", "properties": {"rate": {"type": "number", "exclusiveMinimum": 0, "maximum": 1}}}


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (2, "rate is 2; allowed: a number above 0 to 1."),
        (None, "rate is empty (null); allowed: a number above 0 to 1."),
        (
            "1e-3",
            "rate is '1e-3' (text); allowed: a number above 0 to 1 (write 0.001 without quotes).",
        ),
        (
            "1\n",
            r"rate is '1\n' (text); allowed: a number above 0 to 1 (write 1 without quotes).",
        ),
    ],
)
def test_key_value_and_what_is_allowed(value, words):
    assert told({"rate": value}, NUMBER) == words


def test_places_in_lists_are_numbered():
    schema = {"type": "object", "properties": {"depths": {"type": "array", "items": {"type": "integer"}}}}
    assert told({"depths": [1, "x"]}, schema) == "depths[1] is 'x' (text); allowed: a whole number."


def test_close_words_are_offered():
    assert messages.nearest("rellu", ["relu", "tanh"]) == ", did you mean relu?"
    assert messages.nearest("sine", ["relu", "tanh"]) == ""


def test_words_of_the_users_are_printable_and_short():
    assert messages.plain("relu") == "relu" and messages.plain("") == "''"
    assert messages.plain("\x1b[31m") == r"'\x1b[31m'"
    assert len(messages.plain("x" * 500)) == len(messages.cut("x" * 500)) <= 80
    assert messages.shown(True) == "true" and messages.shown("a") == "'a' (text)"
