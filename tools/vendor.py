"""Copy the pinned browser libraries into api/pages/static/vendor, with a sha384 manifest.

    python tools/vendor.py                    install by package-lock.json into a temporary folder, then copy
    python tools/vendor.py --modules FOLDER   copy from a node_modules folder that is already there

Only whoever changes a version runs this; it needs npm. What it writes is committed, so that whoever runs
Housecall needs neither Node nor the network. tests/pages/test_vendor.py re-hashes every file.
"""

import argparse
import base64
import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENDOR = ROOT / "api" / "pages" / "static" / "vendor"
MANIFEST = "manifest.json"
KEPT_BY_HAND = frozenset({MANIFEST, "README.md"})


@dataclass(frozen=True, kw_only=True)
class Library:
    """One package of the npm registry and the few of its files that a browser needs.

    Attributes
    ----------
    folder
        Name of its folder under vendor/, without the version.
    licence
        SPDX identifier; must equal what the package itself states.
    files
        Path inside the package -> path inside the vendored folder.
    """

    package: str
    folder: str
    licence: str
    files: Mapping[str, str]


LIBRARIES = (
    Library(
        package="htmx.org",
        folder="htmx",
        licence="BSD-0-Clause",
        files={
            "dist/htmx.min.js": "htmx.min.js",
            "dist/ext/hx-sse.min.js": "hx-sse.min.js",
            "LICENSE": "LICENSE",
        },
    ),
    Library(
        package="@picocss/pico",
        folder="pico",
        licence="MIT",
        files={"css/pico.min.css": "pico.min.css", "LICENSE.md": "LICENSE"},
    ),
    Library(
        package="leaflet",
        folder="leaflet",
        licence="BSD-2-Clause",
        files={
            "dist/leaflet.js": "leaflet.js",
            "dist/leaflet.css": "leaflet.css",
            "dist/images/layers.png": "images/layers.png",
            "dist/images/layers-2x.png": "images/layers-2x.png",
            "dist/images/marker-icon.png": "images/marker-icon.png",
            "dist/images/marker-icon-2x.png": "images/marker-icon-2x.png",
            "dist/images/marker-shadow.png": "images/marker-shadow.png",
            "LICENSE": "LICENSE",
        },
    ),
    Library(
        package="zxing-wasm",
        folder="zxing-wasm",
        licence="MIT",
        files={
            "dist/es/reader/index.js": "es/reader/index.js",
            "dist/es/share.js": "es/share.js",
            "dist/reader/zxing_reader.wasm": "reader/zxing_reader.wasm",
            "LICENSE": "LICENSE",
        },
    ),
    Library(
        package="swagger-ui-dist",
        folder="swagger-ui",
        licence="Apache-2.0",
        files={
            "swagger-ui-bundle.js": "swagger-ui-bundle.js",
            "swagger-ui-bundle.js.LICENSE.txt": "swagger-ui-bundle.js.LICENSE.txt",
            "swagger-ui.css": "swagger-ui.css",
            "LICENSE": "LICENSE",
            "NOTICE": "NOTICE",
        },
    ),
)


def sha384(path: Path) -> str:
    """Return the hash of a file as subresource integrity spells it (W3C SRI, section 3.1)."""
    return "sha384-" + base64.b64encode(hashlib.sha384(path.read_bytes()).digest()).decode("ascii")


def pinned_version(package: str, pins: Mapping[str, str]) -> str:
    """Return the exact version that package.json names; a range is refused."""
    version = pins[package]
    if not version[0].isdigit():
        raise ValueError(f"package.json must name one exact version of {package}, not {version!r}")
    return version


def install(into: Path) -> Path:
    """Install what package-lock.json names, npm checking each package's hash; return node_modules."""
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(ROOT / name, into / name)
    subprocess.run(["npm", "ci"], cwd=into, check=True, stdout=subprocess.DEVNULL)
    return into / "node_modules"


def copy_library(library: Library, version: str, modules: Path, vendor: Path) -> Iterator[dict[str, str]]:
    """Copy one library's files and yield a manifest row for each."""
    package = modules / library.package
    stated = json.loads((package / "package.json").read_text("utf-8"))
    if (stated["version"], stated["license"]) != (version, library.licence):
        raise ValueError(
            f"{library.package}: expected {version} under {library.licence}, "
            f"found {stated['version']} under {stated['license']}"
        )
    folder = vendor / f"{library.folder}-{version}"
    for source, name in library.files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((package / source).read_bytes())
        yield {
            "name": library.package,
            "version": version,
            "licence": library.licence,
            "file": target.relative_to(vendor).as_posix(),
            "sha384": sha384(target),
        }


def vendor_all(modules: Path, vendor: Path = VENDOR) -> list[dict[str, str]]:
    """Replace the vendored folders by the pinned versions and write the manifest."""
    pins = json.loads((ROOT / "package.json").read_text("utf-8"))["dependencies"]
    for old in vendor.iterdir():
        if old.is_dir():
            shutil.rmtree(old)
    rows = [
        row
        for library in LIBRARIES
        for row in copy_library(library, pinned_version(library.package, pins), modules, vendor)
    ]
    (vendor / MANIFEST).write_text(json.dumps({"files": rows}, indent=1) + "\n", "utf-8")
    return rows


def faults(vendor: Path = VENDOR) -> list[str]:
    """Say what differs between the manifest and the files that are there; empty when nothing does."""
    rows = json.loads((vendor / MANIFEST).read_text("utf-8"))["files"]
    listed = {row["file"]: row["sha384"] for row in rows}
    present = {
        path.relative_to(vendor).as_posix()
        for path in vendor.rglob("*")
        if path.is_file() and path.relative_to(vendor).as_posix() not in KEPT_BY_HAND
    }
    return sorted(
        [f"{name}: listed, but missing" for name in listed.keys() - present]
        + [f"{name}: not in the manifest" for name in present - listed.keys()]
        + [f"{name}: changed" for name in listed.keys() & present if sha384(vendor / name) != listed[name]]
    )


def main(arguments: list[str] | None = None) -> int:
    """Copy the libraries; the last line says how many files, and any fault found afterwards."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--modules", type=Path, help="a node_modules folder to copy from")
    modules: Path | None = parser.parse_args(arguments).modules
    if modules is not None:
        rows = vendor_all(modules)
    else:
        with tempfile.TemporaryDirectory() as folder:
            rows = vendor_all(install(Path(folder)))
    found = faults()
    sys.stdout.write("\n".join([*found, f"{len(rows)} files, {len(found)} faults"]) + "\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
