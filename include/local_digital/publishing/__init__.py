"""From the marts to the performance platform, and back again to compare."""
