"""The gateway's own pages and endpoints, an ordinary ASGI application. It never sees the data path."""
