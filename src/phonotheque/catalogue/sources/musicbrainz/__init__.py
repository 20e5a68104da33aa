"""MusicBrainz as a source, in both forms it is handed out in: tables and documents."""
