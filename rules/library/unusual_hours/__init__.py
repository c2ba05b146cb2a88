"""Hours on end with more water than this home draws in such hours of the week."""
