"""What runs, and when. Prefect is imported here and nowhere else."""
