"""Four transactions and any number of councils: authorities, more fields, tidy KPIs, benchmarks, releases."""

from local_digital.migrations import run_folder

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    run_folder("0003")
