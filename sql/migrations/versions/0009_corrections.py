"""One answer to the question which delivery corrects another."""

from local_digital.migrations import run_folder

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    run_folder("0009")
