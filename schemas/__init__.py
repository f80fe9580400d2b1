"""What data must look like: `raw` as a provider sends it, `tables` as the warehouse keeps it."""
