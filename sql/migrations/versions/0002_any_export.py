"""Any council's export: archives of several files, filtered rows, event logs, counts."""

from local_digital.migrations import run_folder

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    run_folder("0002")
