"""A guard of many processes: events in parts over Valkey Streams, and one that joins the parts."""
