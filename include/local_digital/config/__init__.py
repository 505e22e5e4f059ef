"""Councils, feeds and transactions as files of facts."""
