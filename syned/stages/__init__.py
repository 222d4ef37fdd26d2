"""What is done to records: no path, config, device or print in here."""
