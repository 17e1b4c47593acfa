"""The values of lines: columns as delivered to codes, days, quantities and prices."""
