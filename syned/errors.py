"""Every error that is meant for a person.

    SynedError              something a person can put right; the CLI prints it as one line, exits 2
    ├── ConfigError         a setting, a flag or a config file
    ├── DataError           input that no row-level reason covers
    ├── RunError            a run directory: locked, damaged, or made with other settings
    └── EngineError         a model that cannot be loaded or used
        └── OutOfMemory     the batch was too large for the device; try a smaller one

Messages say where, what was found, what was expected and what to do, in that order, in lower case
and without a full stop.
"""


class SynedError(Exception):
    """Something a person can put right."""


class ConfigError(SynedError):
    """A setting, a flag or a config file is wrong."""


class DataError(SynedError):
    """Input that cannot be used, beyond a single row."""


class RunError(SynedError):
    """A run directory cannot be used as asked."""


class EngineError(SynedError):
    """A model cannot be loaded or used."""


class OutOfMemory(EngineError):
    """The device has no room for a batch of this size."""
