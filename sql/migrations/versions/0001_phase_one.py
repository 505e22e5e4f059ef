"""The tables of phase 1: ledger, core, marts, reference."""

from local_digital.migrations import run_folder

revision = "0001"
down_revision = None


def upgrade() -> None:
    run_folder("0001")
