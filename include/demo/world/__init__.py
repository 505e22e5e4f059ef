"""The sample world: thirteen councils with what truly happened there, and the exports that their systems make of it."""
