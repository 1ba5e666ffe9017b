"""Judge requests and responses against a contract, and explain every fault."""
