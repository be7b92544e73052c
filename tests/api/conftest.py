"""What the API takes and refuses is tried on SQLite: what it asks and does is tried on both below it.

What is a matter of the database itself is tried on both here, too.
"""

import pytest

ON_BOTH = {
    "test_backups", "test_identity", "test_imports_api", "test_jobs", "test_migrations", "test_streams",
    "test_transactions",
}  # fmt: skip


@pytest.hookimpl(tryfirst=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give a test SQLite alone, unless its module is among those or the test says itself what it wants."""
    says = any("database_url" in mark.args[0] for mark in metafunc.definition.iter_markers("parametrize"))
    if "database_url" in metafunc.fixturenames and not says and _name(metafunc) not in ON_BOTH:
        metafunc.definition.add_marker(pytest.mark.parametrize("database_url", ["sqlite"], indirect=True))


def _name(metafunc: pytest.Metafunc) -> str:
    return metafunc.module.__name__.rpartition(".")[2]
