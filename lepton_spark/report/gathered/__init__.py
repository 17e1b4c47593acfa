"""The figures of the report page, read from the tables; a bounded number of rows is collected."""
