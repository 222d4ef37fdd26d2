"""From the rows of a source to the requests of a plan."""
