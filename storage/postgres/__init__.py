"""PostgreSQL, for several bots on one database. Imported only where a URL names it: the driver is an extra."""
