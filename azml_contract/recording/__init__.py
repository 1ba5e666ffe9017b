"""Record exchanges into cassettes and answer from them."""
