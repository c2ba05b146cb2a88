"""The MQTT 5 session: receives at QoS 1 and acknowledges what it is told is durable."""
