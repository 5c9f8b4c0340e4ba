"""What the README says holds."""

import re
from pathlib import Path

import torch
import yaml
from actbench import activations, config

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "README.md").read_text()


def block(language: str, containing: str) -> str:
    blocks = re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)
    return next(text for text in blocks if containing in text)


def test_it_names_every_activation():
    listed = re.search(r"Known names: (.*?)\.\s", TEXT, re.DOTALL)[1]
    words = set(re.findall(r"[a-z0-9]+", listed))
    assert {*activations.REGISTRY, *activations.ALIASES} <= words


def test_its_config_is_accepted_and_its_class_works(tmp_path, monkeypatch):
    schema = yaml.safe_load((ROOT / "workflow/schemas/config.schema.yaml").read_text())
    resolved = config.resolve(yaml.safe_load(block("yaml", "activations:")), schema)
    (tmp_path / "my_module.py").write_text(block("python", "class MyActivation"))
    monkeypatch.chdir(tmp_path)
    spec = resolved["activations"][-1]["spec"]
    assert config.user_file(spec, ".") == Path("my_module.py")
    assert activations.create(spec)(torch.tensor(1.0)).item() == torch.sigmoid(torch.tensor(2.0)).item()


def test_links_and_figures_are_there():
    for target in re.findall(r"\]\(([^)#]+)\)", TEXT):
        if "://" not in target:
            assert (ROOT / target).exists(), target
