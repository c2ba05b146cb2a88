"""A monitor that says its sensor is faulty."""
