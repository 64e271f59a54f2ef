"""Lists of calls and their results, each call once."""
