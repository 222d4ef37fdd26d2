"""From instructions and captions to their paraphrases."""
