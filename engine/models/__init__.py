"""Architectures, one file a domain; each is sized by one capacity number."""
