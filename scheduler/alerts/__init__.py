"""What somebody should look at: the cause, what is at stake, and what may be done."""
