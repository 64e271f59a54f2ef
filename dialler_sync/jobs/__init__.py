"""Jobs of the command line and of notebooks: functions from settings and a journal to a summary."""
