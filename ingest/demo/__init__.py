"""The demonstration: real servers on loopback, simulated devices, the service between them."""
