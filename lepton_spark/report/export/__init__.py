"""Published tables as files for planners: CSV, Excel workbooks, Parquet."""
