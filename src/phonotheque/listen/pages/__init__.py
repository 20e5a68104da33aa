"""The pages for listening: HTML made on the server that is whole without scripts, and better with.

`routes.page_routes` is what the door mounts; `rendering.Pages` fills a template for anybody's page.
"""
