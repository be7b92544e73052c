"""What is kept sealed as one JSON text a row: answers, findings, reasons."""

import json
from collections.abc import Mapping
from typing import Any


def packed(content: Mapping[str, Any]) -> str:
    """Return the text that a sealed column keeps."""
    return json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def unpacked(text: str | None) -> dict[str, Any]:
    """Return what `packed` kept."""
    found: dict[str, Any] = json.loads(text) if text else {}
    return found
