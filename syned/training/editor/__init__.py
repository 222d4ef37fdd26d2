"""The training of an InstructPix2Pix."""
