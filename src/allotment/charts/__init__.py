"""Charts: Vega-Lite specifications made from values, rendered to SVG and PNG on the server, offline."""
