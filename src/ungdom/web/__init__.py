"""The pages: what the interface answers, drawn as HTML. No rule of the workflow is decided here."""
