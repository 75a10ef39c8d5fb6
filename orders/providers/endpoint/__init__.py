"""A small provisioning endpoint for the demo and the tests, as docs/provisioning-endpoint.md describes one."""
