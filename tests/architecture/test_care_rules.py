"""docs/care-rules.md: every sentence of the seeds once, each with code and test that exist, no gap hidden."""

import ast
import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
IDS = {
    f"{letter}{number:02}"
    for letter, last in {"A": 20, "B": 31, "C": 22, "D": 15}.items()
    for number in range(1, last + 1)
}
SEEDS, CONFLICTS, DEFAULTS, SAYINGS = 5, 5, 3, 2
# Rows that say of themselves "not built"; a row that is finished takes one off.
NOT_BUILT = 0
NOT_BUILT_WORDS = re.compile(r"not built: \S")
NOT_OFFERED = re.compile(r"not offered: \S")


def sections(text: str) -> list[list[list[str]]]:
    """The rows of each table, in order, without their heads."""
    found: list[list[list[str]]] = []
    for part in text.split("\n## ")[1:]:
        lines = [line for line in part.splitlines() if line.startswith("|")]
        found.append([[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]])
    return found


@pytest.fixture(scope="module")
def tables() -> list[list[list[str]]]:
    """The four tables of the map."""
    return sections((ROOT / "docs" / "care-rules.md").read_text())


@cache
def functions_of(path: str) -> frozenset[str]:
    """The names of a file's functions and classes."""
    tree = ast.parse((ROOT / path).read_text())
    kinds = (ast.FunctionDef, ast.ClassDef)
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, kinds))


def named(cell: str) -> list[str]:
    """The paths of a cell, which stand in backquotes."""
    return re.findall(r"`([^`]+)`", cell)


def gone(path: str) -> bool:
    """Tell whether a path, with or without ``::name``, does not exist."""
    place, _, name = path.partition("::")
    if not (ROOT / place).exists():
        return True
    return bool(name) and name not in functions_of(place)


def test_every_sentence_of_the_seeds_stands_here_once(tables):
    assert Counter(row[0] for row in tables[0]) == Counter(IDS)


def test_each_table_has_its_columns(tables):
    wrong = [
        row[0]
        for table, width in zip(tables, (SEEDS, CONFLICTS, DEFAULTS, SAYINGS), strict=True)
        for row in table
        if len(row) != width
    ]
    assert wrong == []


def test_every_module_and_test_named_exists(tables):
    cells = [cell for table in tables for row in table for cell in row]
    paths = [path for cell in cells for path in named(cell) if "/" in path]
    assert len(paths) > len(IDS)
    assert [path for path in paths if gone(path)] == []


def test_tests_are_tests_and_modules_are_not(tables):
    tests = [path for table in tables for row in table for path in named(row[-1])]
    modules = [path for table in tables[:3] for row in table for path in named(row[-2])]
    assert [path for path in tests if not path.startswith("tests/")] == []
    assert [path for path in modules if path.startswith("tests/")] == []


def test_a_row_without_code_says_why(tables):
    bare = [
        row[0]
        for table, width in zip(tables, (SEEDS, CONFLICTS, DEFAULTS, SAYINGS), strict=True)
        for row in table
        if not named(row[-1]) or (width > SAYINGS and not named(row[-2]))
        if not NOT_OFFERED.search(" ".join(row)) and not NOT_BUILT_WORDS.search(" ".join(row))
    ]
    assert bare == []


def test_no_more_is_missing_than_was_counted(tables):
    missing = [row[0] for table in tables for row in table if "not built" in " ".join(row)]
    assert len(missing) == NOT_BUILT, missing


def test_this_test_sees_a_gap():
    assert gone("dispatch/nowhere.py")
    assert gone("dispatch/kernel/clock.py::nothing")
    assert not gone("dispatch/kernel/clock.py::SetClock")
    assert sections("\n## One\n| id |\n| --- |\n| A01 |") == [[["A01"]]]
