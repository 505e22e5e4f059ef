# One image for every service of docker-compose.yaml: Airflow, the core and the demo's servers, from the locked requirements.
FROM python:3.12-slim

RUN useradd --uid 50000 --gid 0 --create-home airflow
WORKDIR /opt/local-digital
COPY requirements.txt ./
RUN pip install --no-cache-dir --require-hashes -r requirements.txt
COPY pyproject.toml ./
COPY include ./include
COPY sql ./sql
COPY expectations ./expectations
COPY plugins ./plugins
COPY dags ./dags
RUN pip install --no-cache-dir --no-deps --no-build-isolation --editable . \
    && mkdir -p /var/lib/local-digital \
    && chown -R airflow:0 /var/lib/local-digital

USER airflow
ENV AIRFLOW_HOME=/var/lib/local-digital/airflow \
    AIRFLOW__CORE__DAGS_FOLDER=/opt/local-digital/dags \
    AIRFLOW__CORE__PLUGINS_FOLDER=/opt/local-digital/plugins \
    AIRFLOW__CORE__LOAD_EXAMPLES=False \
    LOCAL_DIGITAL_LANDING=/var/lib/local-digital/landing \
    LOCAL_DIGITAL_SPOOL=/var/lib/local-digital/spool \
    LOCAL_DIGITAL_SITE=/var/lib/local-digital/site
