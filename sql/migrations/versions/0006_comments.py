"""What every column that readers may see means, as comments: psql and reporting tools show them."""

from local_digital.migrations import run_folder

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    run_folder("0006")
