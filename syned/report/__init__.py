"""What a person looks at: the report page and the contact sheet."""
