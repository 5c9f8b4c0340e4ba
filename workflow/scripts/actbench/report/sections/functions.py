"""The activation functions themselves: their shapes, formulas and properties."""

from collections.abc import Mapping

import latex2mathml.converter
from markupsafe import Markup

from actbench.report import layer_findings
from actbench.report.section import Section, Study


def context(study: Study) -> dict:
    """See `Section`."""
    rows = study.tables["properties"].to_dict("records")
    finding = layer_findings.functions(study.tables["properties"], study.labels)
    properties = {row["activation"]: row | typeset(row) for row in rows}
    return {
        "finding": finding,
        "properties": properties,
        "unknown_formulas": any(row["formula"] is None for row in properties.values()),
    }


def typeset(row: Mapping) -> dict[str, Markup | None]:
    """MathML of an activation's formula and derivative, None where there is no formula."""
    keys = ("formula", "formula_derivative")
    convert = latex2mathml.converter.convert
    return {
        key: Markup(convert(row[key])) if isinstance(row[key], str) else None  # noqa: S704, the registry's own
        for key in keys
    }


SECTION = Section(
    id="the-functions",
    title="The functions",
    template="functions.html",
    tables=("properties",),
    figures=("functions",),
    optional=("activations",),
    context=context,
)
