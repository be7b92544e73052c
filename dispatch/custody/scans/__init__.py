"""Scans: what a code on a package or on our own label says, and which vial it names."""
