"""Clients of a fund: who they are, what they are charged, and what they ask for."""
