"""The commands of `fund simulate`, one file each, and what they share."""
