"""Write a run's results for people and programs."""
