"""Morgan without a screen: a private assistant that knows your documents."""

__version__ = "0.1.0"
