"""Sessions: the record, the sealed cookie that carries it, the store interface, the verified-session cache."""
