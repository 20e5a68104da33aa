"""The torrents page: static files that say what is offered, how it stands, and what to keep.

A published index, a count of seeders and a few settings go in, pages, feeds and lists come out;
`rendering.render` is the whole of it.
"""
