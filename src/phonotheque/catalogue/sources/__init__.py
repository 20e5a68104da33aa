"""Where knowledge comes from: sources behind one port, and what takes their rows in.

Each kind of source has a room: `holdings` (our own), `mapped` (anybody's spreadsheets, by a mapping
file), `musicbrainz` (dumps of tables and of documents), `listenbrainz` (listens and counts of
them). They speak the language of `port`, read bytes with `reading`, and make values good with
`values` and `columns`. `importing` takes a source in; what it leaves on the disk is `staging`'s.

A source of which increments come (`port.Followed`) keeps beside its rows what it was made of, and
is made anew from that and the increments.

A new kind of source is one class with the port's four names, tested by a subclass of
`tests/catalogue/sources/contract.py`.
"""
