"""Compare captioners that are trained with synthetic pairs and without."""
