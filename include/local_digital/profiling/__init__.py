"""What sample files of an unknown system hold, and the council's file that would read them. Nothing is loaded."""
