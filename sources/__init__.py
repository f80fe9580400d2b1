"""What providers sent: one module per provider, with its requests and a `parse_` per dataset."""
