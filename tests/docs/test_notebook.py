"""The notebook runs from top to bottom, here in fewer steps than it says."""

import shlex

import nbformat
import pytest
from nbclient import NotebookClient

from tests.docs.pages import ROOT
from tests.forked_python import python

FOLDER = ROOT / 'docs' / 'notebooks'

pytestmark = pytest.mark.slow


def test_own_video(tmp_path, monkeypatch):
    for name, value in dict(OWN=tmp_path, STEPS=3, EPOCHS=1).items():
        monkeypatch.setenv(name, str(value))
    notebook = nbformat.read(FOLDER / 'own_video.ipynb', nbformat.NO_CONVERT)
    nbformat.validate(notebook)
    assert not any(cell.get('outputs') for cell in notebook.cells), 'clear the outputs'
    # For the shell of its cells.
    monkeypatch.setenv('BASH_FUNC_python%%', f'() {{ {shlex.quote(python())} "$@"; }}')
    resources = dict(metadata=dict(path=str(FOLDER)))
    done = NotebookClient(notebook, timeout=900, resources=resources).execute()
    outputs = {
        cell.id: [out.get('data', {}) for out in cell.get('outputs', ())] for cell in done.cells
    }
    assert 'text/html' in outputs['confusion'][-1]
    assert 'image/png' in outputs['recognise'][-1]
    assert (tmp_path / 'model.pt2').is_file()
