//! JWS, JWE and JWK: framing over audited cryptography.
