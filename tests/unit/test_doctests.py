"""The examples in docstrings are true."""

import doctest
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

import lepton_spark

ROOT = Path(lepton_spark.__file__).parent
MODULES = [
    ".".join(path.relative_to(ROOT.parent).with_suffix("").parts)
    for path in sorted(ROOT.rglob("*.py"))
    if ">>>" in path.read_text(encoding="utf-8")
]


@pytest.mark.parametrize("name", MODULES)
def test_docstring_examples_are_true(name: str) -> None:
    failed, tried = doctest.testmod(import_module(name), extraglobs={"np": np})
    assert tried > 0
    assert failed == 0
