"""The laws of the house, kept by tests: see pyproject.toml and CONTRIBUTING.md."""

import ast
from dataclasses import fields
from pathlib import Path

import click
import pytest
from importlinter.cli import lint_imports

from api.actor import PUBLIC, RouteWithoutPolicy, policies
from api.cli import main
from api.settings import PREFIX, Settings
from dispatch.intake.service import LinkPurpose
from tests.builders.web import make_app

ROOT = Path(__file__).parents[2]
SOURCES = sorted(path for top in ("api", "dispatch", "routing") for path in (ROOT / top).rglob("*.py"))
CLOCK_READERS = {
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
    ("date", "today"),
    ("time", "time"),
}
MAY_BE_PUBLIC = {
    "static", "security.static", "security.login", "security.logout", "api-docs.openapi_json",
    "pages.healthz", "pages.readyz", "pages.api_docs",
    # A checkpoint is worth something only if others hold it: a number of leaves, a root and keys, no patient.
    "custody-log.checkpoint", "custody-log.checkpoint_of_number", "custody-log.keys",
    # Who enquires is a stranger; a link's secret opens its door, and shows nothing before it is used up.
    "pages.enquire", "pages.send_enquiry", "pages.link_door", "pages.open_door",
}  # fmt: skip


def test_storeys_chapters_and_rooms_import_only_downwards(monkeypatch):
    monkeypatch.chdir(ROOT)
    assert lint_imports() == 0


def test_every_route_declares_who_may_call_it(app):
    declared = policies(app)
    assert set(declared) == set(app.view_functions)
    assert {endpoint for endpoint, policy in declared.items() if policy == PUBLIC} <= MAY_BE_PUBLIC


def test_a_route_for_visitors_by_link_is_not_public_and_no_role_opens_it(app):
    by_link = [policy for policy in policies(app).values() if policy.link is not None]
    assert {policy.link for policy in by_link} == set(LinkPurpose)
    assert not [policy for policy in by_link if policy.public or policy.roles]


def test_a_route_without_a_policy_stops_the_start(own_app):
    own_app.view_functions["open.door"] = lambda: "come in"
    with pytest.raises(RouteWithoutPolicy, match=r"open\.door"):
        policies(own_app)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_only_the_clock_reads_the_wall_clock(path):
    if path.match("dispatch/kernel/clock.py"):
        return
    calls = [
        node.func for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)
        if isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name)
    ]  # fmt: skip
    assert not [call for call in calls if (call.value.id, call.attr) in CLOCK_READERS]


def test_every_setting_is_documented():
    text = (ROOT / "docs" / "operations.md").read_text()
    missing = [
        name for name in (PREFIX + f.name.upper() for f in fields(Settings)) if f"`{name}`" not in text
    ]
    assert not missing


def commands(group: click.Group, path: str = "housecall"):
    for name, command in group.commands.items():
        yield f"{path} {name}", command
        if isinstance(command, click.Group):
            yield from commands(command, f"{path} {name}")


@pytest.mark.parametrize(("path", "command"), list(commands(main)), ids=lambda value: str(value)[:40])
def test_every_command_and_option_has_help(path, command):
    assert command.help, f"{path} has no help"
    for option in command.params:
        if isinstance(option, click.Option):
            assert option.help, f"{path} {option.opts[0]} has no help"


def test_nothing_committed_names_a_machine_or_a_package_host():
    forbidden = ("/" + "work/", "/" + "root/", "files." + "pythonhosted", "registry." + "npmjs")
    tracked = [
        p for top in ("requirements", "docs", "tools", ".ci") for p in (ROOT / top).rglob("*") if p.is_file()
    ]
    tracked += [*SOURCES, ROOT / "package-lock.json", ROOT / "pyproject.toml", ROOT / "Makefile"]
    for path in tracked:
        if path.suffix not in {".png", ".pyc"}:
            text = path.read_text(errors="ignore")
            assert not [word for word in forbidden if word in text], path


def test_the_app_refuses_to_serve_an_unmigrated_database(tmp_path, clock):
    from api.migrations import Unmigrated

    with pytest.raises(Unmigrated, match="housecall migrate"):
        make_app(f"sqlite:///{tmp_path / 'empty.sqlite'}", clock)
