"""Audit bundles: what an inspector takes away and checks alone (docs/custody-proofs.md, "The bundle")."""
