"""Alembic's scripts; ``store`` runs them at every start."""
