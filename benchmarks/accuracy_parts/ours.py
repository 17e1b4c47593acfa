"""The forecasters of this project, as the table runs them."""

from collections.abc import Mapping

from accuracy_parts.peers import Model

OURS: Mapping[str, Model] = {}
