"""What people and schedules do: the module is the noun, the function the verb."""
