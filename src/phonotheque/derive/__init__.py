"""What is made from a preservation master and can be made again: copies to listen to, pictures.

Laws: a master is only read, never changed; everything here can be thrown away; a stranger's bytes
are decoded in a limited child alone (`phonotheque.audio.isolate`); the same bytes, recipe and
encoder give the same result.

Not here: who may have what is made (`phonotheque.music.rights`, asked at the doors), which archive
it belongs to (`phonotheque.archive.recordings.derivatives`).
"""
