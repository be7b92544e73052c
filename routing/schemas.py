"""Writes the published JSON Schemas: ``python -m routing.schemas docs``."""

import json
import sys
from pathlib import Path

from routing.dayfile import day_schema
from routing.planfile import plan_schema


def write_schemas(folder: Path) -> None:
    """Write both schemas into `folder`, as the code has them; a test keeps the published ones equal."""
    for name, schema in (("day-file", day_schema()), ("plan-file", plan_schema())):
        text = json.dumps(schema, indent=1, ensure_ascii=False) + "\n"
        (folder / f"{name}.schema.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write_schemas(Path(sys.argv[1]))
