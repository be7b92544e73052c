"""The nurse's screen, /today: her route, the next stop large, and one button for the one next deed."""

from api.pages.nurse import bedside, handing, lockbox, panic, reconciliation, scanning, today

__all__ = ["bedside", "handing", "lockbox", "panic", "reconciliation", "scanning", "today"]
