"""The baseline that the exact engine is measured against: OR-Tools' routing library alone."""
