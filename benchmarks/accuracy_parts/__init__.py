"""The parts of the accuracy benchmark: sets, protocol, scores, peers."""
