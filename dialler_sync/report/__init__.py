"""What became of a run, written down for people and programs."""
