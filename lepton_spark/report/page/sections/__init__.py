"""The sections of the report page, in words, tables and charts."""
