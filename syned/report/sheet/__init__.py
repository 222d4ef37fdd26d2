"""The contact sheet: one picture."""
