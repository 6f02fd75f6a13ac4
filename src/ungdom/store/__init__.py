"""Storage: tables, transactions, the journal of events, people, reference data. Only this package commits."""
