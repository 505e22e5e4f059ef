"""Who is told what went wrong, what is late and what has come, and what becomes of the messages."""
