"""Import every chapter's tables, so that the metadata is whole."""

from importlib import import_module
from pathlib import Path

import dispatch

ROOT = Path(dispatch.__path__[0])
for records in sorted(ROOT.glob("**/records.py")):
    import_module(".".join(("dispatch", *records.relative_to(ROOT).with_suffix("").parts)))
