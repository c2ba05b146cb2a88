"""Device kinds, one folder each: definition, payload models, decoder, samples, contract."""
