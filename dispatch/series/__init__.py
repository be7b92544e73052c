"""A signed order unfolded into infusions over weeks."""
