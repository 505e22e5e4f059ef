"""Council transactions, from nightly exports to the performance platform.

This package is the core: it imports no Airflow and runs from its own command line.
"""
