import json

import pytest
from actbench.errors import UserError
from actbench.runtime import preflight

SPECS = {"mine": {"import": "my_module:Mine", "name": "mine", "parameters": {}}}


def script(folder, text):
    path = folder / "script.py"
    path.write_text("import json, os, sys, time\n" + text)
    return path


def test_activations_that_keep_the_contract_are_tried_in_silence(tmp_path):
    """The script gets the specs and the code, and what it prints before its answer counts for nothing."""
    kept = tmp_path / "asked.json"
    path = script(tmp_path, f"open({str(kept)!r}, 'w').write(sys.stdin.read())\nprint('said\\ntried')\n")
    critical = [(SPECS["mine"], 0.2)]
    preflight.try_activations(path, SPECS, {"my_module.py": "abc"}, critical)
    asked = {"specs": SPECS, "code": {"my_module.py": "abc"}, "critical": [[SPECS["mine"], 0.2]]}
    assert json.loads(kept.read_text()) == asked


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("print('said\\nmine has no gradient.'); sys.exit(1)", "mine has no gradient."),
        ("print('mine has no gradient.')", "mine has no gradient."),
        ("os.kill(os.getpid(), 11)", "activations: trying mine ended by signal 11."),
        ("os._exit(0)", "activations: they end Python."),
        ("print('tried', flush=True); os._exit(1)", "tried"),
    ],
)
def test_anything_else_is_the_last_line_or_the_signal(tmp_path, text, sentence):
    with pytest.raises(UserError) as caught:
        preflight.try_activations(script(tmp_path, text), SPECS, {})
    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", ""),
        ("print('torch cannot use the GPU', end='')", "torch cannot use the GPU"),
        ("os.kill(os.getpid(), 6)", "trying the GPU ended by signal 6"),
    ],
)
def test_why_there_is_no_gpu(tmp_path, text, reason):
    assert preflight.why_no_gpu(script(tmp_path, text)) == reason


def test_a_gpu_that_does_not_answer(tmp_path):
    path = script(tmp_path, "time.sleep(600)")
    assert preflight.why_no_gpu(path, seconds=0.06) == "torch got no answer from the GPU in 0.001 minutes"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [("sys.exit('first\\nlast')", "last"), ("sys.exit(1)", "the GPU ends Python")],
)
def test_a_script_that_fails_is_its_last_line(tmp_path, text, sentence):
    with pytest.raises(UserError) as caught:
        preflight.why_no_gpu(script(tmp_path, text))
    assert str(caught.value) == sentence
