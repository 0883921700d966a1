"""Orders: their life from intent to the last fill, and the brokers that take them, behind one port."""
