"""The justice sector's own messages (ESAS). Pure: mapping only; transport is elsewhere."""
