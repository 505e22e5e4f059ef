"""The site at national scale: which figures are new, and benchmarks of one moment for all pages."""

from local_digital.migrations import run_folder

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    run_folder("0008")
