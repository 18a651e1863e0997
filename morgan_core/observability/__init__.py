"""What Morgan writes down about itself."""
