"""Bytes and what they mean: HTTP heads, header rules, canonical path, cookies, WebSocket handshake and frames.

Pure: nothing here opens a socket, reads a clock or knows about sessions.
"""
