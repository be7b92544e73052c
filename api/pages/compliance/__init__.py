"""The compliance officer's screen, /custody: every vial, every event, every microgram of a day."""

from api.pages.compliance import custody, export

__all__ = ["custody", "export"]
