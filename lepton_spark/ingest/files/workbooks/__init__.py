"""Excel workbooks: their parts, bounded before anything is read, and the rows of one sheet."""
