"""Experiments that break things: real processes are killed, frozen and cut off; then every promise is checked."""
