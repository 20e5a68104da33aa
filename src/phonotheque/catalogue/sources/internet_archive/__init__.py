"""Items of the Internet Archive from what its metadata API says of them, one document for each."""
