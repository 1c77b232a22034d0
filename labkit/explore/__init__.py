"""Search for the schedule that breaks a program."""
