"""An archive behind the listening door: what its ports are made of."""
