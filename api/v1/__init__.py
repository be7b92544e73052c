"""The JSON API: one module a chapter. Each module holds a blueprint named `blueprint`."""

from importlib import import_module
from pkgutil import iter_modules

from flask_smorest import Blueprint


def blueprints() -> list[Blueprint]:
    """Return the blueprints of all chapters, by module name."""
    modules = sorted(module.name for module in iter_modules(__path__))
    found = (getattr(import_module(f"api.v1.{name}"), "blueprint", None) for name in modules)
    return [blueprint for blueprint in found if blueprint is not None]
