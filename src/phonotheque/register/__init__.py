"""The register, the authority: what came in, on what grounds, and what was done since."""
