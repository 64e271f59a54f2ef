"""What would keep a run from working, each with its mend."""
