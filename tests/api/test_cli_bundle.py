"""A bundle from the command line, and its verifier on a machine that knows nothing of this project."""

import shutil
import subprocess
import sys
from pathlib import Path

import cryptography
import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from sqlalchemy import Engine

from api.cli import main
from dispatch.audit.records import AuditEntryRow
from dispatch.kernel.sealing import Keyring
from dispatch.kernel.storage import transaction
from tests.builders.custody import Scene, wasted


@pytest.fixture
def scene(database_url: str, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Scene:
    monkeypatch.setenv("HOUSECALL_DATABASE_URL", database_url)
    monkeypatch.setenv("HOUSECALL_DEMO", "1")
    with transaction(engine, KEYRING) as session:
        return wasted(session)


BY = ("--as", "cora@test.example", "--for", "inspection")


KEYRING = Keyring({1: b"k" * 32}, 1, b"i" * 32)


def run(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(main, ["custody", *words])
    return done.exit_code, done.output


def exported(tmp_path: Path, *words: str) -> Path:
    out = tmp_path / f"bundle{len(list(tmp_path.iterdir()))}"
    status, said = run("export", "--out", str(out), *BY, *words)
    assert status == 0, said
    return out


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A directory of packages that holds `cryptography` and what it needs, and nothing of this project."""
    packages = tmp_path / "packages"
    source = Path(cryptography.__file__).parents[1]
    for name in ("cryptography", "cffi", "pycparser"):
        if (source / name).is_dir():
            shutil.copytree(source / name, packages / name)
    for compiled in source.glob("_cffi_backend*"):
        shutil.copy(compiled, packages)
    return packages


def alone(elsewhere: Path, bundle: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the bundle's own verifier: isolated, without this environment's packages."""
    code = (
        f"import sys, runpy; sys.path.append({str(elsewhere)!r})\n"
        "for name in ('dispatch', 'api', 'sqlalchemy', 'flask'):\n"
        "    try: __import__(name)\n"
        "    except ImportError: continue\n"
        "    sys.exit(f'{name} can be imported here')\n"
        f"sys.argv = ['verify.py', *{[str(bundle), *words]!r}]\n"
        f"runpy.run_path({str(bundle / 'verify.py')!r}, run_name='__main__')\n"
    )
    base = Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info.minor}"
    python = str(base) if base.exists() else sys.executable
    return subprocess.run(
        [python, "-I", "-S", "-c", code], cwd=elsewhere, capture_output=True, text=True, check=False, env={}
    )


def test_a_bundle_verifies_where_the_project_is_not_installed(
    scene: Scene, tmp_path: Path, elsewhere: Path
) -> None:
    bundle = exported(tmp_path)
    done = alone(elsewhere, bundle)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("RIGHT\n")
    assert "the whole log" in done.stdout
    assert run("verify", str(bundle))[0] == 0


def test_an_edited_row_is_named_by_both(
    scene: Scene, engine: Engine, tmp_path: Path, elsewhere: Path
) -> None:
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            connection.execute(sa.text("DROP TRIGGER custody_event_no_update"))
        else:
            connection.execute(sa.text("SET LOCAL session_replication_role = replica"))
        connection.execute(sa.text("UPDATE custody_event SET reason = 'x' WHERE kind = 'wasted'"))
    bundle = exported(tmp_path)
    done = alone(elsewhere, bundle)
    assert done.returncode == 1
    assert done.stdout.startswith("WRONG leaf 5 (event ")
    assert "wasted, vial 7F0" in done.stdout
    assert "the row's reason is not the one in the signed bytes" in done.stdout
    status, said = run("verify", str(bundle))
    assert (status, said) == (1, done.stdout)


def test_what_is_no_bundle_is_told_apart(scene: Scene, tmp_path: Path, elsewhere: Path) -> None:
    bundle = exported(tmp_path)
    (bundle / "bundle.json").unlink()
    assert alone(elsewhere, bundle).returncode == 2
    assert run("verify", str(bundle))[0] == 2
    assert run("verify", str(tmp_path / "nowhere"))[0] == 2


def test_a_part_needs_an_earlier_checkpoint_only_where_there_is_one(scene: Scene, tmp_path: Path) -> None:
    first = exported(tmp_path, "--vial", "7F0")
    second = exported(tmp_path, "--nurse", "N-07", "--from", "2026-11-01", "--to", "2026-11-30")
    kept = str(first / "checkpoint.txt")
    assert run("verify", str(second), "--checkpoint", kept)[0] == 0


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--vial", "NO-SUCH"], "There is no such vial."),
        (["--nurse", "N-99"], "There is no nurse of that code."),
        (["--patient", "P-99"], "This area has no patient of that reference."),
        (["--area", "nowhere"], "area"),
    ],
)
def test_a_wish_that_names_nothing_is_refused(
    scene: Scene, tmp_path: Path, words: list[str], says: str
) -> None:
    status, said = run("export", "--out", str(tmp_path / "out"), *BY, *words)
    assert status == 2
    assert says in said
    assert not (tmp_path / "out").exists()


def test_a_directory_that_holds_something_is_left_alone(scene: Scene, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    status, said = run("export", "--out", str(tmp_path), *BY)
    assert status == 2
    assert "is not empty" in said


def test_who_took_a_bundle_and_what_for_is_written_down(scene: Scene, engine: Engine, tmp_path: Path) -> None:
    exported(tmp_path)
    with engine.connect() as connection:
        kept = connection.execute(
            sa.select(AuditEntryRow.actor_name, AuditEntryRow.session_ref, AuditEntryRow.detail).where(
                AuditEntryRow.action == "custody.export_bundle"
            )
        ).one()
    assert (kept.actor_name, kept.session_ref) == ("cora", "command line")
    assert kept.detail["purpose"] == "inspection"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--for", "inspection"), "Missing option '--as'"),
        (("--as", "cora@test.example"), "Missing option '--for'"),
        (("--as", "cora@test.example", "--for", "fun"), "'fun' is not one of"),
        (("--as", "nobody@test.example", "--for", "inspection"), "no active account"),
        (("--as", "ada@test.example", "--for", "inspection"), "Only a compliance may do this"),
    ],
)
def test_nobody_takes_a_bundle_unnamed(
    scene: Scene, tmp_path: Path, words: tuple[str, ...], says: str
) -> None:
    status, said = run("export", "--out", str(tmp_path / "out"), *words)
    assert status == 2
    assert says in said
    assert not (tmp_path / "out").exists()
