"""What Housecall tells patients and staff: rows that wait, are sent, or could not be."""
