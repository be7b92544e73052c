"""A documented JSON form, written once: it reads values with named faults and draws its own JSON Schema.

Only what the day and plan files need: no coercion, no unknown fields (repeated keys and NaN fall to
`routing.strict_json`).
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from routing.faults import Faults
from routing.soundness import ID, MOST_SECONDS
from routing.strict_json import Json


class Form(Protocol):
    """How one kind of value is written."""

    def read(self, value: Json, path: str, faults: Faults) -> Any:
        """Return the value, noting every fault; what is returned after a fault is never used."""
        ...

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema of this form."""
        ...


def _wrong_type(path: str, wanted: str, value: Json, faults: Faults) -> None:
    kind = {dict: "an object", list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    found = kind.get(type(value), "a number")
    faults.add(path, "wrong_type", f"Expected {wanted}, found {found}.", f"Write {wanted}.")


@dataclass(frozen=True)
class Whole:
    """A whole number (never a boolean, never 3.0)."""

    least: int = 0
    most: int = MOST_SECONDS

    def read(self, value: Json, path: str, faults: Faults) -> int:  # noqa: D102
        if type(value) is not int:
            _wrong_type(path, "a whole number", value, faults)
            return 0
        if not self.least <= value <= self.most:
            faults.add(
                path, "out_of_range", f"{value} is not within {self.least} and {self.most}.", "Correct it."
            )
        return value

    def schema(self) -> dict[str, Any]:  # noqa: D102
        return {"type": "integer", "minimum": self.least, "maximum": self.most}


@dataclass(frozen=True)
class Real:
    """A finite number."""

    least: float
    most: float

    def read(self, value: Json, path: str, faults: Faults) -> float:  # noqa: D102
        if type(value) not in (int, float):
            _wrong_type(path, "a number", value, faults)
            return 0.0
        if not self.least <= value <= self.most or not math.isfinite(value):
            faults.add(
                path, "out_of_range", f"It is not within {self.least:g} and {self.most:g}.", "Correct it."
            )
            return 0.0
        return float(value)

    def schema(self) -> dict[str, Any]:  # noqa: D102
        return {"type": "number", "minimum": self.least, "maximum": self.most}


@dataclass(frozen=True)
class Text:
    """A text of up to `most` characters; an id has 1 to 200 and no control characters."""

    most: int = 2_000
    is_id: bool = False

    def read(self, value: Json, path: str, faults: Faults) -> str:  # noqa: D102
        if not isinstance(value, str):
            _wrong_type(path, "a text", value, faults)
            return ""
        if self.is_id and not ID.fullmatch(value):
            faults.add(
                path, "bad_id", "An id has 1 to 200 characters and no control characters.", "Rename it."
            )
        elif any("\ud800" <= sign <= "\udfff" for sign in value):
            faults.add(path, "not_unicode", "The text holds half a character.", "Write it as UTF-8.")
        elif len(value) > self.most:
            faults.add(path, "too_long", f"{len(value)} characters, {self.most} at most.", "Shorten it.")
        return value

    def schema(self) -> dict[str, Any]:  # noqa: D102
        if self.is_id:
            return {"type": "string", "minLength": 1, "maxLength": 200, "pattern": r"^[^\x00-\x1f\x7f]+$"}
        return {"type": "string", "maxLength": self.most}


@dataclass(frozen=True)
class Flag:
    """True or false."""

    def read(self, value: Json, path: str, faults: Faults) -> bool:  # noqa: D102
        if not isinstance(value, bool):
            _wrong_type(path, "true or false", value, faults)
        return bool(value)

    def schema(self) -> dict[str, Any]:  # noqa: D102
        return {"type": "boolean"}


@dataclass(frozen=True)
class Choice:
    """One of a few words."""

    words: tuple[str, ...]

    def read(self, value: Json, path: str, faults: Faults) -> str:  # noqa: D102
        if not isinstance(value, str):
            _wrong_type(path, "a text", value, faults)
            return self.words[0]
        if value not in self.words:
            faults.add(path, "not_a_choice", f"{value!r} is not known here.", f"Use {', '.join(self.words)}.")
        return value

    def schema(self) -> dict[str, Any]:  # noqa: D102
        return {"enum": list(self.words)}


@dataclass(frozen=True)
class OrNull:
    """The form, or null."""

    form: Form

    def read(self, value: Json, path: str, faults: Faults) -> Any:  # noqa: D102
        return None if value is None else self.form.read(value, path, faults)

    def schema(self) -> dict[str, Any]:  # noqa: D102
        return {"anyOf": [self.form.schema(), {"type": "null"}]}


@dataclass(frozen=True)
class ListOf:
    """A list; `exactly` fixes its length."""

    form: Form
    exactly: int | None = None

    def read(self, value: Json, path: str, faults: Faults) -> tuple[Any, ...]:  # noqa: D102
        if not isinstance(value, list):
            _wrong_type(path, "a list", value, faults)
            return ()
        if self.exactly is not None and len(value) != self.exactly:
            faults.add(
                path, "wrong_length", f"{len(value)} entries.", f"Write exactly {self.exactly} of them."
            )
        return tuple(self.form.read(item, f"{path}[{index}]", faults) for index, item in enumerate(value))

    def schema(self) -> dict[str, Any]:  # noqa: D102
        form: dict[str, Any] = {"type": "array", "items": self.form.schema()}
        if self.exactly is not None:
            form |= {"minItems": self.exactly, "maxItems": self.exactly}
        return form


@dataclass(frozen=True)
class MapOf:
    """An object whose keys are ids."""

    form: Form

    def read(self, value: Json, path: str, faults: Faults) -> dict[str, Any]:  # noqa: D102
        if not isinstance(value, dict):
            _wrong_type(path, "an object", value, faults)
            return {}
        key_form = Text(is_id=True)
        return {
            key_form.read(key, path, faults): self.form.read(item, f"{path}.{key}", faults)
            for key, item in value.items()
        }

    def schema(self) -> dict[str, Any]:  # noqa: D102
        return {
            "type": "object",
            "propertyNames": Text(is_id=True).schema(),
            "additionalProperties": self.form.schema(),
        }


REQUIRED = object()


@dataclass(frozen=True)
class Field:
    """One field of an object: its form, what it means, and the default to document (`REQUIRED` for none)."""

    form: Form
    means: str
    default: Any = REQUIRED

    def documented_default(self) -> dict[str, Any]:
        """Return the default as JSON Schema notes it."""
        if self.default is REQUIRED or self.default is None:
            return {}
        return {"default": list(self.default) if isinstance(self.default, tuple) else self.default}


@dataclass(frozen=True)
class Record:
    """An object with named fields that becomes `build(**fields)`; one left out keeps its default there."""

    fields: Mapping[str, Field]
    build: Callable[..., Any] = dict
    means: str = ""

    def read(self, value: Json, path: str, faults: Faults) -> Any:  # noqa: D102
        if not isinstance(value, dict):
            _wrong_type(path, "an object", value, faults)
            return None
        prefix = f"{path}." if path else ""
        for name in value.keys() - self.fields.keys():
            faults.add(
                f"{prefix}{name}",
                "unknown_field",
                "There is no such field.",
                f"Remove it; known are {', '.join(self.fields)}.",
            )
        before = len(faults.found)
        read = {}
        for name, field in self.fields.items():
            if name in value:
                read[name] = field.form.read(value[name], f"{prefix}{name}", faults)
            elif field.default is REQUIRED:
                faults.add(
                    f"{prefix}{name}", "field_missing", f"{name} is missing.", f"Add it: {field.means}"
                )
        return self.build(**read) if len(faults.found) == before else None

    def schema(self) -> dict[str, Any]:  # noqa: D102
        form: dict[str, Any] = {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                name: field.form.schema() | {"description": field.means} | field.documented_default()
                for name, field in self.fields.items()
            },
            "required": [name for name, field in self.fields.items() if field.default is REQUIRED],
        }
        return form | ({"description": self.means} if self.means else {})


@dataclass(frozen=True)
class OneOf:
    """One of several records, told apart by the word in the field `tag`."""

    tag: str
    records: Mapping[str, Record]

    def read(self, value: Json, path: str, faults: Faults) -> Any:  # noqa: D102
        if not isinstance(value, dict):
            _wrong_type(path, "an object", value, faults)
            return None
        if self.tag not in value:
            faults.add(f"{path}.{self.tag}", "field_missing", f"{self.tag} is missing.", "Add it.")
            return None
        word = value[self.tag]
        Choice(tuple(self.records)).read(word, f"{path}.{self.tag}", faults)
        if not isinstance(word, str) or word not in self.records:
            return None
        rest = {name: item for name, item in value.items() if name != self.tag}
        return self.records[word].read(rest, path, faults)

    def schema(self) -> dict[str, Any]:  # noqa: D102
        options = []
        for word, record in self.records.items():
            form = record.schema()
            form["properties"] = {self.tag: {"const": word}} | form["properties"]
            form["required"] = [self.tag, *form["required"]]
            options.append(form)
        return {"oneOf": options}
