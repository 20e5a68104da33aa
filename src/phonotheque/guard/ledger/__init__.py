"""Who opened what, exactly, of accounts above a suspicion: in Parquet, for as long as a case is."""
