"""How the study was made, in words."""

from actbench.report.section import Section

SECTION = Section(id="method", title="Method", template="method.html", figures=("images",))
