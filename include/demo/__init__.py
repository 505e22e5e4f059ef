"""The sample councils and the stand-in for the performance platform."""
