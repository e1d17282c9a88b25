"""Sessions: the record, the sealed cookie that carries it, the store interface, the sessions in use."""
