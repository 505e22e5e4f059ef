"""Settings that Airflow itself imports at its start; this folder is on the demo's PYTHONPATH for it."""
