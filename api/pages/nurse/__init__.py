"""The nurse's screen, /today: her route, the next stop large, and one button for the one next deed."""

from api.pages.nurse import lockbox, today

__all__ = ["lockbox", "today"]
