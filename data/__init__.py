"""The data: sources of each domain and the shards cut from them. Knows no models."""
