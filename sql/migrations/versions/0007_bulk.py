"""Loading at national scale: what the database need not check for every row again."""

from local_digital.migrations import run_folder

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    run_folder("0007")
