"""The comparisons that the README quotes, run side by side on one machine."""
