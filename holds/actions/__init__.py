"""What people and schedules do with holds and pauses: the module is the noun, the function the verb."""
