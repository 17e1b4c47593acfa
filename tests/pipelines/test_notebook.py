"""The example notebook: it runs in a fresh folder, and its stored results are those that a reader gets."""

import runpy
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from tests.pipelines.cluster import REPOSITORY

EXAMPLES = REPOSITORY / "examples"


def results(notebook: nbformat.NotebookNode) -> list[str]:
    """What the cells show, as text."""
    outputs = (output for cell in notebook.cells for output in cell.get("outputs", []))
    return [output["data"]["text/plain"] for output in outputs if "data" in output]


@pytest.mark.slow
def test_notebook_runs_and_shows_its_stored_results(tmp_path: Path) -> None:
    runpy.run_path(str(EXAMPLES / "make_shop.py"))["write"](tmp_path / "export")
    stored = nbformat.read(EXAMPLES / "first_forecast.ipynb", as_version=4)
    fresh = nbformat.from_dict(stored)

    NotebookClient(fresh, timeout=600, resources={"metadata": {"path": str(tmp_path)}}).execute()

    assert results(fresh) == results(stored)
    assert len(results(stored)) == 6
