"""The archive of a closed case: one file with its events, parties and documents, which its receiver can verify."""
