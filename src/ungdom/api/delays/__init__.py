"""Why cases took as long as they did, and which party was waited for."""
