"""Checks of everything that a run needs, each with its fix."""
