"""The language of the command line: its choice, and the help of commands in it."""
