MS_GCN_FEATURES=("displacement","centre")
