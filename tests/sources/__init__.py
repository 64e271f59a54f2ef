"""Where lists lie: archives, standard input, odd workbooks, several sheets."""
