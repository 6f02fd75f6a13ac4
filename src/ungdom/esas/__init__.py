"""The official messages of the justice sector (ESAS). Pure: mapping only; transport is in other packages."""
