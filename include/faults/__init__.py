"""Faults injected into councils' nights: after recovery everything must be as if there had been none."""
