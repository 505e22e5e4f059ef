"""Publishing that can be trusted: sign-off, holds, what the public may see, service availability."""

from local_digital.migrations import run_folder

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    run_folder("0004")
