"""Import every chapter's tables, so that the metadata is whole."""

from importlib import import_module
from pathlib import Path

import dispatch

for records in sorted(Path(dispatch.__path__[0]).glob("*/records.py")):
    import_module(f"dispatch.{records.parent.name}.records")
