"""Language models: in this process, in vLLM, or behind a server."""
