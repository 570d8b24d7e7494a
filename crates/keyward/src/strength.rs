//! Whether a signing secret is one (B4, lesson 85).

use std::collections::HashSet;

use keyward_core::secret::Secret;

/// Fewest characters of a secret in production: 32 hexadecimal digits are 128 bits.
const SHORTEST: usize = 32;

/// What is wrong with a secret in production, if anything.
pub(crate) fn problem_with(secret: &Secret) -> Option<&'static str> {
    let text = secret.expose();
    let distinct: HashSet<char> = text.chars().collect();
    // Case, dashes, blanks and underscores don't make a copied example one's own.
    let plain: String =
        text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    if text.is_empty() {
        Some("there is no secret")
    } else if EXAMPLES.contains(&plain.as_str()) || TELLING.iter().any(|word| plain.contains(word)) {
        Some("this secret stands in somebody's documentation, so everybody knows it")
    } else if text.chars().count() < SHORTEST {
        Some("the secret is shorter than 32 characters")
    } else if distinct.len() < 8 {
        Some("the secret repeats a few characters and is easy to guess")
    } else {
        None
    }
}

/// Short or seemingly random ones, as letters and digits in lower case.
const EXAMPLES: [&str; 18] = [
    "secret",
    "mysecret",
    "jwtsecret",
    "authsecret",
    "nextauthsecret",
    "keyboardcat",
    "password",
    "test",
    "testing",
    "development",
    "production",
    "undefined",
    "null",
    "astringsecretatleast256bitslong",
    "0123456789abcdef0123456789abcdef",
    "00112233445566778899aabbccddeeff",
    "abcdefghijklmnopqrstuvwxyz123456",
    "12345678901234567890123456789012",
];

/// What only a placeholder says. Long enough that a random secret never does.
const TELLING: [&str; 23] = [
    "atleast32",
    "bitsecret",
    "changeit",
    "changeme",
    "changethis",
    "complexpassword",
    "donotuse",
    "generatea",
    "goeshere",
    "insecure",
    "opensslrand",
    "placeholder",
    "randomstring",
    "replaceme",
    "replacethis",
    "replacewith",
    "secrethere",
    "secretkey",
    "supersecret",
    "supersecure",
    "thisisanexample",
    "yournextauth",
    "yoursecret",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> Option<&'static str> {
        problem_with(&Secret::from(text))
    }

    #[test]
    fn lesson_85_secrets_that_everybody_knows_are_refused() {
        for known in [
            "secret",
            "changeme",
            "This is an example",
            "your-nextauth-secret",
            "use [openssl rand -base64 32] to generate a 32 bytes value",
            "generate: openssl rand -base64 32",
            "super-secret-jwt-token-with-at-least-32-characters-long",
            "complex_password_at_least_32_characters_long",
            "a-string-secret-at-least-256-bits-long",
            "your-256-bit-secret",
            "REPLACE_ME_REPLACE_ME_REPLACE_ME_1234567890",
            "0123456789ABCDEF-0123456789ABCDEF",
        ] {
            assert!(problem(known).is_some_and(|problem| problem.contains("everybody")), "{known}");
        }
    }

    #[test]
    fn b4_secrets_that_are_missing_short_or_monotonous_are_refused() {
        assert_eq!(problem(""), Some("there is no secret"));
        assert!(problem("q8Zr5V0mXw2Tn7Yk").is_some_and(|problem| problem.contains("shorter")));
        assert!(problem(&"ab".repeat(40)).is_some_and(|problem| problem.contains("repeats")));
    }

    #[test]
    fn secrets_of_the_usual_generators_are_accepted() {
        for good in [
            "3f1c9a0e5b7d2468ace013579bdf8642",
            "Zr8mQ0v5X2Tn7YkLpW4sHc9bJd1fGa6e=",
            "W9w+3hVtqK1pQz0nRrYb7xJ5mCe2oLd8uGfTsAiHk4M=",
        ] {
            assert_eq!(problem(good), None, "{good}");
        }
    }
}
