"""How a payload becomes legs and a signal: a file per part of an order, each saying where and why it cannot be read."""
