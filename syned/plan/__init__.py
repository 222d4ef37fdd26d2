"""Plan which edits are made: turn the rows of a source into requests."""
