"""The sections of what is delivered: sales, and the optional inputs beside them."""
