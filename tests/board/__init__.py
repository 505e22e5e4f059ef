"""Tests of the rollout board."""
