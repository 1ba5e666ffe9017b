"""A local service that speaks the Azure ML REST API, for recording without an account."""
