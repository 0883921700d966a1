"""The `fund` command, one file per noun. It holds no business rule: it reads settings, calls a room, prints."""
