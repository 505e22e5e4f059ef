#!/bin/sh
# Make the secret files of docker-compose.yaml that are missing, each with a random value: sh .docker/secrets.sh [FOLDER]
# Nothing that is there is ever changed. Nobody else gets into the folder; the files in it are readable, since a container
# sees each by itself and reads it as the account it runs as.
set -eu
folder=${1:-.secrets}
mkdir -p "$folder"
chmod 700 "$folder"

random() { # bytes
  head -c "$1" /dev/urandom | od -An -v -tx1 | tr -d ' \n'
}

make() { # name, content
  [ -e "$folder/$1" ] && return
  printf '%s' "$2" > "$folder/$1.new"
  chmod 644 "$folder/$1.new"
  mv "$folder/$1.new" "$folder/$1"
  echo "made $folder/$1"
}

for name in postgres_password airflow_password warehouse_password redis_password; do
  make "$name" "$(random 24)"
done
make airflow_url "postgresql+psycopg2://airflow:$(cat "$folder/airflow_password")@postgres/airflow"
make warehouse_url "postgresql+psycopg2://local_digital:$(cat "$folder/warehouse_password")@postgres/warehouse"
make broker_url "redis://:$(cat "$folder/redis_password")@redis:6379/0"
make fernet_key "$(head -c 32 /dev/urandom | base64 | tr '+/' '-_' | tr -d '\n')"
make jwt_secret "$(random 64)"
make api_secret_key "$(random 32)"
make users.json "{\"admin\": \"$(random 12)\"}"
make connections.json "{}"
make aws_credentials ""
