"""pytest on a sealed model cache, without network. docs/pytest.md says how to use it; plugin.py is what pytest loads."""

__version__ = "0.1.0"
