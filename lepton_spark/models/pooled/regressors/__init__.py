"""The regressors of the pooled model: trees, how they are grown, and the regression."""
