"""What pytest sees: wiring only."""
