"""Where pictures of releases lie, in the form of the Cover Art Archive's index; none is fetched."""
