"""The dispatcher's screen, /board: one area's day on a map and by nurse, planned and moved by hand."""

from api.pages.dispatcher import board, visits

__all__ = ["board", "visits"]
