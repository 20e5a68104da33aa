"""The JSON API below `/api/v1`: what programs ask of the library, described in OpenAPI."""
