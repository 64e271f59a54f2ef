"""Files of this machine: whose they are, made for their owner only, replaced as a whole, and read with a limit."""
