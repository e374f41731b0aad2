"""Icon concepts: the pack that comes with the program, its format, and how it was built."""
