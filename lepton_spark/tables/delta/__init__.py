"""Operations on Delta tables beyond reading and writing rows."""
