"""The councils' DAGs with tasks that do nothing: what Airflow itself costs. A DAGs folder for the bench's Airflow."""
