"""The councils of the sample world, one module each."""
