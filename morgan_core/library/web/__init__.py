"""Single web pages as documents: fetched once when a person names them, kept as files."""
