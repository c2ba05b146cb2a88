"""The site of the documents: `make site` builds it from docs and the READMEs beside the code.

Context: the documents are read on a code host, and in operations rooms without a network. What is
said of a rule, a kind or a decision stands beside its code, and is not to be written twice.
Decision: MkDocs 1.6 with the theme Material 9.8. Its hooks put the READMEs in their place while it
builds, its strict mode refuses broken links, its search runs in the browser. Given up: a generator
that will be there for long. Its makers mend Material until May 2027 and name Zensical as the
successor, which is to read the same settings (not tried). What depends on it: `mkdocs.yml`,
`hooks.py` and `theme`; all else makes plain Markdown.
"""
