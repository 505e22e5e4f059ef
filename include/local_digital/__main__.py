"""`python -m local_digital`."""

from local_digital.cli import main

main()
