"""A local service that speaks the Azure ML REST API: recording without an account."""
