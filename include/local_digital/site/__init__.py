"""The second sink: open data and pages that any web server can host, made from what councils have released."""
