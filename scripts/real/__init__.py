"""The main job on real music: free recordings that Debian packages carry, with their licences.

What is shown: files that nobody here made go in, each with the licence that its package states and
the paragraph that states it; what the package leaves open stays "copyright not evaluated".

The way through: `packages.toml` (the list) → `fetch` (download, unpack) → `tree` (pick) → `dep5`
and `licences` (what may be done) → `rules` (`rights.toml`) → `job` (the product's commands) →
`checks` (coreutils, libtorrent) → `report`. Nothing is installed and no sound is kept in the
repository.
"""
