#!/bin/sh
# What has to be there before any other service of docker-compose.yaml starts. Safe to run again; refuses settings that do
# not go together.
set -eu
here=$(dirname "$0")

refuse() { # what is wrong, what to do
  echo "$1 $2 (docs/deploying.md#distributed)" >&2
  exit 2
}

case "$AIRFLOW__CORE__EXECUTOR" in
  LocalExecutor) ;;
  CeleryExecutor)
    case "$LOCAL_DIGITAL_LANDING" in
      *://*) ;;
      *) refuse "CeleryExecutor needs a landing store that every worker reaches, and LANDING is $LOCAL_DIGITAL_LANDING." \
           "Set it to a URL such as s3://bucket/landing." ;;
    esac
    python "$here/broker.py" ||
      refuse "CeleryExecutor needs the broker." "Start with the profile distributed, or mend the secret broker_url."
    ;;
  *) refuse "EXECUTOR is $AIRFLOW__CORE__EXECUTOR." "It is LocalExecutor, or CeleryExecutor with the profile distributed." ;;
esac

airflow db migrate
local-digital migrate
# The file is the truth at every start: change it there, not in Airflow.
airflow pools import "$here/pools.json"
