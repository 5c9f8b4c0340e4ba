"""The report's sections in their order, and its page made of them."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from markupsafe import Markup

from actbench.figures import looks
from actbench.report import embedded, page
from actbench.report.section import Section, Study
from actbench.report.sections import (
    answer,
    claims,
    comparison,
    cost,
    cross_validation,
    dead_neurons,
    depths,
    distributions,
    downloads,
    functions,
    gradients,
    learning,
    method,
    next_runs,
    pairs,
    provenance,
    recipe,
    why,
)

SECTIONS = (
    answer.SECTION,
    claims.SECTION,
    cross_validation.SECTION,
    comparison.SECTION,
    pairs.SECTION,
    recipe.SECTION,
    why.SECTION,
    depths.SECTION,
    learning.SECTION,
    gradients.SECTION,
    distributions.SECTION,
    dead_neurons.SECTION,
    functions.SECTION,
    cost.SECTION,
    next_runs.SECTION,
    method.SECTION,
    provenance.SECTION,
    downloads.SECTION,
)

CLASS = re.compile(r'class="([^"]*)"')


def tables(sections: Iterable[Section] = SECTIONS) -> set[str]:
    """The names of all tables that sections are made from or may show."""
    return {name for one in sections for name in (*one.tables, *one.any_of, *one.optional)}


def switches(study: Study, parts: Iterable[str]) -> list[dict]:
    """What the page can hide: each activation with its look and colour on dark paper, depth, setting.

    Args:
        parts: the page's, as HTML; what nothing in them is of has no switch.
    """
    used = {name for part in parts for found in CLASS.findall(part) for name in found.split()}
    look, dark = looks.of(study.labels), looks.on_dark(study.labels)
    found = [("a", key, text, look[key]) for key, text in study.labels.items()]
    found += [("d", depth, str(depth), None) for depth in study.config["depths"]]
    found += [("s", name, name, None) for name in study.config["settings"]]
    return [
        {
            "kind": kind,
            "class": looks.css_class(key, kind),
            "text": text,
            "look": sample,
            "dark": dark[key] if kind == "a" else "",
        }
        for kind, key, text, sample in found
        if looks.css_class(key, kind) in used
    ]


def render(study: Study, template: str | Path, sections: Sequence[Section] = SECTIONS) -> str:
    """The page of a study, with those sections that have all they are made from.

    Args:
        template: the page's; those of the sections lie in the folder `sections` beside it.
    """
    chosen = [section for section in sections if section.is_shown(study)]
    contexts = [dict(section.context(study)) for section in chosen]
    csvs = dict(study.csvs)
    for context in contexts:
        for name, table in context.pop("downloads", {}).items():
            csvs[name] = page.embedded(table.to_csv(index=False), page.MEDIA[".csv"])
    folder = Path(template).parent
    environment, shared = page.environment(folder), study.shared()
    shared |= {"csvs": csvs, "counter": page.counter(), "shown_sections": [section.id for section in chosen]}
    shared |= {
        "compressed": embedded.tables(study),
        "too_large": embedded.left_out(study),
    }
    inner = {section.id for section in chosen if section.within in shared["shown_sections"]}
    parts: dict[str, dict] = {section.id: {} for section in chosen}
    for section, context in sorted(
        zip(chosen, contexts, strict=True), key=lambda pair: pair[0].id not in inner
    ):
        shared["inner"] = {name: parts[name]["html"] for name in inner if parts[name]}
        filled = environment.get_template(f"sections/{section.template}").render(shared | context)
        escaped = Markup(filled)  # noqa: S704, each value was escaped as it was filled in
        shown = {"html": escaped, "inner": section.id in inner}
        parts[section.id] = {"id": section.id, "title": section.title} | shown
    shared["switches"] = switches(study, [part["html"] for part in parts.values()])
    around = {"sections": list(parts.values()), "css": page.stylesheet(folder), "script": page.script(folder)}
    return page.render(template, shared | around)
