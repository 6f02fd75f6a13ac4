"""The youth plan of a case: measures and meetings."""
