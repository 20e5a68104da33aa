"""The bulk door over HTTP: our own small server."""
