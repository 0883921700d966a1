"""Net asset values: struck each day from equity, flows and what clients asked for."""
