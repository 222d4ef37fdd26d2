"""What people use from Python: `import syned` offers all of it, and loads it when it is used."""
