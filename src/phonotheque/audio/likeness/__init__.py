"""Is this the same recording? Comparing fingerprints, and finding which ones to compare.

`index.LikenessIndex` names candidates among a million tracks, `compare.find` compares them,
`phonotheque.music.likeness.judge` says what the comparison means.
"""
