"""What lampgate tells its operators."""
