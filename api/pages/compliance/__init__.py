"""The screens of compliance, /custody, and of the pharmacist, /stock: every vial, every event.

Each module's routes join `pages` when it is loaded, so a new module is served by standing here.
"""

from importlib import import_module
from pkgutil import iter_modules

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")
