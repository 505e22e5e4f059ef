"""Tests of the stand-in for the performance platform, all through real HTTP."""
