//! Outgoing HTTP with limits, timeouts and an address guard.
