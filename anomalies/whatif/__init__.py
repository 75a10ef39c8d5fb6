"""What-if: a threshold changed on paper, and what the stored history says it would have done. It writes nothing."""
