"""What is kept: tables, transactions, the journal of events, people, reference data. The only home of `commit`."""
