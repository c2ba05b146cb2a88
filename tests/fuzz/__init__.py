"""`make fuzz`: whatever is sent, found by a fuzzer that watches which branches it reaches."""
