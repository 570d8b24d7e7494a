//! Keyward's routes, extractors and layers for axum: HTTP to action and outcome to HTTP.
