"""The pages of the site, made from released figures and nothing else."""
