"""The models that Syned uses: what each can be asked, and how it is found and loaded."""
