"""One module per provider: the columns and types it promises to send."""
