"""Sorting inbound mail: what was found, whether a person must look, and the contract that logs and routes it."""
