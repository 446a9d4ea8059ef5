"""Room 3: from a float file to an int8 one."""
