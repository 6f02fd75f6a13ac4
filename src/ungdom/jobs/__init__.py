"""The nightly run, composed of the packages below it."""
