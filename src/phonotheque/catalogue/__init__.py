"""The catalogue: what is known of music, whoever holds it; found as you type, handed out whole."""
