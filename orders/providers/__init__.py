"""Automatic providers: what is queued for them, how it is signed, sent and proven.

Each provider has a channel of its own in the outbox, so that a slow or broken one stops nobody else.
"""

from orders.providers.pushes import CHANNELS, channel_of, enqueue_account, enqueue_change, is_ours, reference_of

__all__ = ["CHANNELS", "channel_of", "enqueue_account", "enqueue_change", "is_ours", "reference_of"]
