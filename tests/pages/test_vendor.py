"""What is vendored is exactly what the manifest, the pins and the lock say."""

import json
import re
import shutil
from pathlib import Path

import pytest

from tools import vendor

ROWS = json.loads((vendor.VENDOR / vendor.MANIFEST).read_text("utf-8"))["files"]
PINS = json.loads((vendor.ROOT / "package.json").read_text("utf-8"))
LOCK = (vendor.ROOT / "package-lock.json").read_text("utf-8")


@pytest.fixture
def copied_vendor(tmp_path: Path) -> Path:
    folder = tmp_path / "vendor"
    shutil.copytree(vendor.VENDOR, folder)
    return folder


def test_every_vendored_file_has_the_hash_its_manifest_lists() -> None:
    assert vendor.faults() == []


def test_a_changed_file_is_a_fault(copied_vendor: Path) -> None:
    name = ROWS[0]["file"]
    with (copied_vendor / name).open("ab") as file:
        file.write(b"\n")
    assert vendor.faults(copied_vendor) == [f"{name}: changed"]


def test_an_unlisted_file_is_a_fault(copied_vendor: Path) -> None:
    (copied_vendor / "htmx-4.0.1" / "extra.js").write_text("1")
    assert vendor.faults(copied_vendor) == ["htmx-4.0.1/extra.js: not in the manifest"]


def test_a_missing_file_is_a_fault(copied_vendor: Path) -> None:
    name = ROWS[0]["file"]
    (copied_vendor / name).unlink()
    assert vendor.faults(copied_vendor) == [f"{name}: listed, but missing"]


def test_every_pinned_library_is_vendored_in_that_version() -> None:
    assert {row["name"]: row["version"] for row in ROWS} == PINS["dependencies"]


@pytest.mark.parametrize("group", ["dependencies", "devDependencies"])
def test_every_pin_is_one_exact_version(group: str) -> None:
    assert all(re.fullmatch(r"\d+(\.\d+)*", version) for version in PINS[group].values())


def test_a_range_is_refused() -> None:
    with pytest.raises(ValueError, match="one exact version"):
        vendor.pinned_version("leaflet", {"leaflet": "^1.9.4"})


def test_a_package_under_another_licence_is_refused(tmp_path: Path) -> None:
    package = tmp_path / "leaflet"
    package.mkdir()
    (package / "package.json").write_text(json.dumps({"version": "1.9.4", "license": "SSPL-1.0"}))
    library = next(each for each in vendor.LIBRARIES if each.package == "leaflet")
    with pytest.raises(ValueError, match=r"expected 1\.9\.4 under BSD-2-Clause"):
        list(vendor.copy_library(library, "1.9.4", tmp_path, tmp_path / "out"))


def test_the_lock_names_no_host_and_hashes_every_package() -> None:
    packages = json.loads(LOCK)["packages"]
    assert "://" not in LOCK
    assert all(row["integrity"].startswith("sha512-") for name, row in packages.items() if name)


def test_each_library_has_its_licence_text_and_its_line_in_notice() -> None:
    notice = (vendor.ROOT / "NOTICE").read_text("utf-8")
    for library in vendor.LIBRARIES:
        folder = f"{library.folder}-{PINS['dependencies'][library.package]}"
        assert (vendor.VENDOR / folder / "LICENSE").stat().st_size > 0
        assert f"{folder}/LICENSE" in notice
        assert library.licence in notice
