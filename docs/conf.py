"""Settings of the documentation site, built by `make docs`: Markdown pages, no request to other servers."""

from lepton_spark.version import __version__

project = "lepton_spark"
author = "The lepton_spark developers"
version = release = __version__
extensions = ["myst_parser"]
html_theme = "furo"
html_title = f"lepton_spark {version}"
html_copy_source = False
html_show_sourcelink = False
myst_heading_anchors = 3
"""Headings down to the third level can be linked to, as on GitHub."""

suppress_warnings = ["misc.highlighting_failure"]  # troubleshooting.md shows YAML with mistakes
exclude_patterns = ["_build"]
