"""What synthetic pairs are worth: captioners trained with them and without, compared."""
