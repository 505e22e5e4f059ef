"""Operating for years: forgetting a person, replaying deliveries."""

from local_digital.migrations import run_folder

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    run_folder("0005")
