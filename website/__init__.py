"""The site of the documents: `make site` builds it from docs and the READMEs beside the code."""
