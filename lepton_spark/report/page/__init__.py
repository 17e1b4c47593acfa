"""The report page: figures in, one self-contained HTML file out; knows neither Spark nor the tables."""
