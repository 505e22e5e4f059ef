"""Promises about docker-compose.yaml, the Dockerfile and what they bring along."""
