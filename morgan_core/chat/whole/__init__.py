"""Questions about whole documents and the library: counted, looked through, summarised."""
