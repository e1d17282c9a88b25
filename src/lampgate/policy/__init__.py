"""Decisions: request head + session -> what is to be done with the request. Pure; tested by tables."""
