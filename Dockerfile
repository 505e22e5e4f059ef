# The images of docker-compose.yaml. `runtime` has Airflow and the core, from the locked runtime requirements; `demo` adds
# the sample councils' servers and the platform stand-in. Nothing in them is secret, and nothing runs as root.
# The digest is that of the multi-platform image; docs/deploying.md says how to take a newer one.
ARG PYTHON=python:3.12.14-slim-trixie@sha256:78387bc3881b8273120a12ebe6c1ab22b018ccc2c9adf565ae1ac9b536e184ea

FROM ${PYTHON} AS build
WORKDIR /opt/local-digital
RUN python -m venv /opt/venv
COPY .docker/requirements.txt ./.docker/
RUN /opt/venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r .docker/requirements.txt
COPY pyproject.toml ./
COPY include/local_digital ./include/local_digital
RUN /opt/venv/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps --no-build-isolation --editable .

FROM ${PYTHON} AS runtime
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Local Digital" \
      org.opencontainers.image.description="Council transactions, from nightly exports to the performance platform" \
      org.opencontainers.image.revision="${REVISION}"
RUN useradd --uid 50000 --gid 0 --no-create-home --home-dir /tmp airflow \
    && install --directory --owner 50000 --group 0 --mode 0770 /var/lib/local-digital
WORKDIR /opt/local-digital
COPY --from=build /opt/venv /opt/venv
COPY pyproject.toml ./
COPY .docker/prepare.sh .docker/broker.py .docker/health.py .docker/pools.json ./.docker/
COPY include/local_digital ./include/local_digital
COPY include/councils ./include/councils
COPY include/transactions ./include/transactions
COPY include/demo/airflow_config ./include/demo/airflow_config
COPY sql ./sql
COPY expectations ./expectations
COPY plugins ./plugins
COPY dags ./dags
# The root file system is read-only where it runs, so that Python could not keep these.
RUN /opt/venv/bin/python -m compileall -q include plugins dags
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONPATH=/opt/local-digital/include:/opt/local-digital/include/demo/airflow_config \
    PYTHONUNBUFFERED=1 \
    HOME=/tmp \
    AIRFLOW_HOME=/tmp/airflow \
    AIRFLOW__CORE__DAGS_FOLDER=/opt/local-digital/dags \
    AIRFLOW__CORE__PLUGINS_FOLDER=/opt/local-digital/plugins \
    AIRFLOW__CORE__LOAD_EXAMPLES=False \
    AIRFLOW__LOGGING__BASE_LOG_FOLDER=/var/lib/local-digital/logs \
    AIRFLOW__LOGGING__DAG_PROCESSOR_CHILD_PROCESS_LOG_DIRECTORY=/var/lib/local-digital/logs/dag_processor \
    AIRFLOW__USAGE_DATA_COLLECTION__ENABLED=False \
    AIRFLOW__OPENLINEAGE__DISABLED=True \
    LOCAL_DIGITAL_LANDING=/var/lib/local-digital/landing \
    LOCAL_DIGITAL_SPOOL=/var/lib/local-digital/spool \
    LOCAL_DIGITAL_SITE=/var/lib/local-digital/site
USER 50000:0

FROM runtime AS demo
USER 0:0
COPY include/demo ./include/demo
RUN /opt/venv/bin/python -m compileall -q include/demo
USER 50000:0

# What a build without a target makes.
FROM runtime
