"""Reading lists as they come: playlists, listening histories, tables, plain lines."""
