"""Asked for, and not used."""
