"""The bulk door: volumes, torrents, seeding."""
