"""Method: to be written."""
