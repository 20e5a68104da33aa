"""How many people keep each torrent: counted from trackers and the DHT, told with date and name."""
