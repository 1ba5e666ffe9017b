"""What `client`, `lro` and `blobs` are made of: addresses, tokens, retries, errors."""
