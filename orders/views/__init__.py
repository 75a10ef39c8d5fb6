"""The till's pages. Each view reads what was sent, calls an action, and shows the order again."""
