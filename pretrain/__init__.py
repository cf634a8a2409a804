"""How makna-mini is made: corpus, vocabulary, network, word vectors and the data package. Stands alone."""
