"""The fan-out: the only grouped UDFs; a batch of packed rows in, one result row a series out."""
