"""docs/notebook.ipynb runs from top to bottom, in a Jupyter kernel of its own."""

import nbformat
from conftest import ROOT
from nbclient import NotebookClient

NOTEBOOK = ROOT / "docs" / "notebook.ipynb"
FIGURES = 7


def test_a_lecture_in_ten_cells(tmp_path, monkeypatch):
    """Each figure is drawn, nothing warns, and no outputs lie in the repository, where they would age."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert len(notebook.cells) == 10
    assert all(not cell.outputs and cell.execution_count is None for cell in code)
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "workflow" / "scripts"))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))  # nobody's settings
    NotebookClient(notebook, timeout=600, resources={"metadata": {"path": tmp_path}}).execute()
    outputs = [output for cell in code for output in cell.outputs]
    assert {output.output_type for output in outputs} == {"display_data"}
    assert sum("image/png" in output.data for output in outputs) == len(outputs) == FIGURES
