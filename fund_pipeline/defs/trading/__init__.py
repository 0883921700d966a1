"""Code location `trading`: the signal path. Light imports only: it must start fast and never wait for research."""
