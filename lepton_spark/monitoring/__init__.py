"""Published forecasts against what was sold: errors, drift, and states that tell a planner where to look."""
