"""The reference pages under docs/ that are made from what the pipeline really is: `make docs`.

They read the core and Airflow's DAGs, and nothing that runs reads them: so this stands beside the core, not in it.
"""
