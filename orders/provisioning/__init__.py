"""Provisioning: whether a change may be carried out now, and carrying it out."""
