"""The access log: who has been given which person's data, for auditors, leaders and the young person."""
