"""DataError: what every data source raises when it cannot give its data."""


class DataError(Exception):
    """Data are missing, damaged or not what they claim; the message is one clear sentence."""
