"""`housecall log-key` and `housecall witness` from the command line; the server as a real process."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from api.cli import main
from api.outgoing import post
from dispatch.custody.log.checkpoint import Checkpoint
from dispatch.custody.log.note import Note, Signer, Verifier
from dispatch.custody.log.tree import leaf_hash
from tests.builders.log import LOG_KEY


def housecall(*said: object) -> Result:
    return CliRunner().invoke(main, [str(each) for each in said])


def test_a_log_key_is_printed_once_with_its_verifier() -> None:
    answer = housecall("log-key", "test.example/custody")
    key = re.search(r"HOUSECALL_LOG_KEYS=(\S+)", answer.stdout)
    assert str(Signer.read(key[1]).verifier) in answer.stderr


@pytest.mark.parametrize("name", ["", "two words", "a+b", "line\nbreak"])
def test_a_key_of_a_bad_name_is_refused(name: str, tmp_path: Path) -> None:
    assert housecall("log-key", name).exit_code == 2
    assert housecall("witness", "init", tmp_path / "w", name).exit_code == 2
    assert not (tmp_path / "w").exists()


def test_a_witness_is_made_once(tmp_path: Path) -> None:
    made = housecall("witness", "init", tmp_path, "witness.example/w1")
    assert made.exit_code == 0, made.output
    key = housecall("witness", "key", tmp_path).stdout.strip()
    assert key in made.stdout
    assert Verifier.read(key).name == "witness.example/w1"
    again = housecall("witness", "init", tmp_path, "witness.example/w1")
    assert (again.exit_code, "take another folder" in again.stderr) == (2, True)


def test_what_a_witness_cannot_do_is_said(tmp_path: Path) -> None:
    assert "witness init" in housecall("witness", "serve", tmp_path).stderr
    housecall("witness", "init", tmp_path, "witness.example/w1")
    assert "witness trust" in housecall("witness", "serve", tmp_path).stderr
    for wrong in ("nonsense", housecall("witness", "key", tmp_path).stdout.strip()):
        assert housecall("witness", "trust", tmp_path, wrong).exit_code == 2


def test_a_witness_process_cosigns_and_remembers(tmp_path: Path) -> None:
    housecall("witness", "init", tmp_path, "witness.example/w1")
    assert housecall("witness", "trust", tmp_path, LOG_KEY.verifier).exit_code == 0
    key = Verifier.read(housecall("witness", "key", tmp_path).stdout.strip())
    note = Checkpoint(LOG_KEY.name, 1, leaf_hash(b"1")).signed(LOG_KEY)
    for status in (200, 409):
        serve = [sys.executable, "-c", "from api.cli import main; main()", "witness", "serve"]
        serve += [str(tmp_path), "--port", "0"]
        with subprocess.Popen(serve, stdout=subprocess.PIPE, text=True) as process:
            port = re.search(r":(\d+)\.$", process.stdout.readline())[1]
            answer = post(
                f"http://127.0.0.1:{port}/add-checkpoint", f"old 0\n\n{note}".encode(), "text/plain"
            )
            process.kill()
        assert answer.status == status
        if status == 200:
            assert Note.read(f"{note}{answer.body.decode()}").signed_by([key]) == (key,)
