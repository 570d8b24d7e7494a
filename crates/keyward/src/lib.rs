//! Keyward as a library: an authentication layer that an axum application embeds.
