"""How quick the page is, measured in a real browser: `steepness bench app`."""
