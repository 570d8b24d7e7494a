//! Fake clock, seeded randomness, in-memory store and the contract suite that every store passes.
