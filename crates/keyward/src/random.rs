//! The system's randomness.

use keyward_core::port::Random;

/// Random bytes from the operating system's generator, asked at every draw: there is no state here that a copy of the process
/// could draw from again.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&self, bytes: &mut [u8]) {
        #[expect(clippy::disallowed_methods, reason = "this is the port's implementation")]
        let outcome = getrandom::fill(bytes);
        if outcome.is_err() {
            // Tokens without randomness would let anybody in, and a panic would end one request alone.
            tracing::error!("the operating system gives no randomness: stopping at once");
            std::process::abort();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_draw_is_another() {
        let draw = || {
            let mut bytes = [0; 32];
            SystemRandom.fill(&mut bytes);
            bytes
        };
        assert_ne!(draw(), [0; 32]);
        assert_ne!(draw(), draw());
    }
}
