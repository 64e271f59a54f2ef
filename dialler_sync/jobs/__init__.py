"""What the command line and notebooks can have done: each a function, from settings and a journal to a summary."""
