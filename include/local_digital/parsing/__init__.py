"""From a delivery's bytes to candidate records: whole columns at a time, nothing guessed."""
