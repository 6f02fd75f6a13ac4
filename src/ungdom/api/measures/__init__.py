"""The catalogue of measures and their providers."""
