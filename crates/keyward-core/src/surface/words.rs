//! What a person is told when signing in through a provider fails: NextAuth's words (protocol notes §5.7, §9.3).

use crate::{
    action::Leg,
    dialect::Dialect,
    error::{Code, Refusal},
};

/// The word that stands in `error=`. `None`: the refusal is none of the provider family and is worded like others.
pub(super) fn provider_word(dialect: Dialect, leg: Leg, refusal: &Refusal) -> Option<&'static str> {
    let code = refusal.code;
    let said_no = matches!(code, Code::ProviderDenied | Code::ProviderError);
    match (dialect, leg) {
        (_, _) if code == Code::OAuthAccountNotLinked => Some(code.as_str()),
        (_, _) if !code.is_of_provider() => word_of_ours(dialect, code),
        (Dialect::NextAuth3 | Dialect::NextAuth4, Leg::Out) => Some("OAuthSignin"),
        (Dialect::NextAuth3 | Dialect::NextAuth4, Leg::Home) if said_no => Some("Callback"),
        // It tells only its checks apart, which come before the token request.
        (Dialect::NextAuth3, Leg::Home) if !is_check(code) => Some("Callback"),
        (Dialect::NextAuth3 | Dialect::NextAuth4, Leg::Home) => Some("OAuthCallback"),
        (Dialect::AuthJs5, Leg::Home) if said_no => Some("OAuthCallbackError"),
        (Dialect::AuthJs5, _) => Some(Code::Configuration.as_str()),
    }
}

/// The same for links in mails (protocol notes §6).
pub(super) fn email_word(dialect: Dialect, code: Code) -> Option<&'static str> {
    match (code, dialect) {
        (Code::InvalidEmail | Code::MailNotSent, Dialect::NextAuth3 | Dialect::NextAuth4) => {
            Some("EmailSignin")
        }
        (Code::LinkIncomplete, Dialect::NextAuth4) => Some("configuration"),
        (Code::InvalidEmail | Code::MailNotSent | Code::LinkIncomplete, Dialect::AuthJs5) => {
            Some(Code::Configuration.as_str())
        }
        (Code::LinkNotValid, _) | (Code::LinkIncomplete, Dialect::NextAuth3) => Some("Verification"),
        _ => word_of_ours(dialect, code),
    }
}

/// What the deployment itself makes of who came back from elsewhere; without a word the code stands in `error=`.
fn word_of_ours(dialect: Dialect, code: Code) -> Option<&'static str> {
    match dialect {
        // They have proven who they are, so they may know (lesson 57).
        _ if code == Code::AccountDisabled => Some(Code::AccessDenied.as_str()),
        // What generation 5 says where its `signIn` callback throws.
        Dialect::AuthJs5 if code == Code::HookRefused => Some(Code::AccessDenied.as_str()),
        Dialect::AuthJs5 if is_fault_of_ours(code) => Some(Code::Configuration.as_str()),
        _ => None,
    }
}

/// Words that generation 5 brings to the sign-in page; the others go to the error page.
pub(super) fn is_for_sign_in_page(word: &str) -> bool {
    matches!(word, "OAuthCallbackError" | "OAuthAccountNotLinked")
}

fn is_fault_of_ours(code: Code) -> bool {
    matches!(code, Code::HookUnavailable | Code::HookWrongAnswer | Code::SessionTooLarge)
}

fn is_check(code: Code) -> bool {
    matches!(
        code,
        Code::ProviderAttempt
            | Code::ProviderState
            | Code::ProviderIssuer
            | Code::ProviderResponse
            | Code::ProviderSession
    )
}

/// What `code=` beside a word says more exactly. Anybody can write it: only a code of these families counts.
pub(super) fn exact_code(written: &str) -> Option<&'static str> {
    let says_more = |code: &&Code| {
        let of_mail = matches!(code, Code::InvalidEmail | Code::MailNotSent);
        let of_ours = matches!(code, Code::AccountDisabled | Code::HookRefused) || is_fault_of_ours(**code);
        code.is_of_provider() || of_mail || of_ours
    };
    Code::ALL.iter().filter(says_more).map(|code| code.as_str()).find(|code| *code == written)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c5_each_failure_has_the_word_of_each_generation() {
        let table = [
            (Leg::Out, Code::ProviderDiscovery, "OAuthSignin", "OAuthSignin", "Configuration"),
            (Leg::Out, Code::ProviderParameter, "OAuthSignin", "OAuthSignin", "Configuration"),
            (Leg::Home, Code::ProviderDenied, "Callback", "Callback", "OAuthCallbackError"),
            (Leg::Home, Code::ProviderError, "Callback", "Callback", "OAuthCallbackError"),
            (Leg::Home, Code::ProviderAttempt, "OAuthCallback", "OAuthCallback", "Configuration"),
            (Leg::Home, Code::ProviderState, "OAuthCallback", "OAuthCallback", "Configuration"),
            (Leg::Home, Code::ProviderToken, "Callback", "OAuthCallback", "Configuration"),
            (Leg::Home, Code::ProviderUserinfo, "Callback", "OAuthCallback", "Configuration"),
            (
                Leg::Home,
                Code::OAuthAccountNotLinked,
                "OAuthAccountNotLinked",
                "OAuthAccountNotLinked",
                "OAuthAccountNotLinked",
            ),
        ];
        for (leg, code, three, four, five) in table {
            let refusal = Refusal::new(code);
            for (dialect, word) in
                [(Dialect::NextAuth3, three), (Dialect::NextAuth4, four), (Dialect::AuthJs5, five)]
            {
                assert_eq!(provider_word(dialect, leg, &refusal), Some(word), "{dialect:?} {leg:?} {code:?}");
            }
        }
        let other = Refusal::new(Code::StoreUnavailable);
        assert_eq!(provider_word(Dialect::NextAuth4, Leg::Home, &other), None);
    }

    #[test]
    fn what_the_deployments_rules_break_has_the_words_of_generation_5_and_elsewhere_its_own_code() {
        let table = [
            (Code::HookRefused, "AccessDenied"),
            (Code::HookUnavailable, "Configuration"),
            (Code::HookWrongAnswer, "Configuration"),
            (Code::SessionTooLarge, "Configuration"),
        ];
        for (code, word) in table {
            assert_eq!(exact_code(code.as_str()), Some(code.as_str()));
            for (dialect, word) in
                [(Dialect::NextAuth3, None), (Dialect::NextAuth4, None), (Dialect::AuthJs5, Some(word))]
            {
                for leg in [Leg::Out, Leg::Home] {
                    let refusal = Refusal::new(code);
                    assert_eq!(provider_word(dialect, leg, &refusal), word, "{dialect:?} {leg:?} {code:?}");
                }
                assert_eq!(email_word(dialect, code), word, "{dialect:?} by e-mail {code:?}");
            }
        }
    }

    #[test]
    fn a_code_that_is_none_of_the_family_says_nothing() {
        assert_eq!(exact_code("provider_token"), Some("provider_token"));
        assert_eq!(exact_code("email_taken"), None);
        assert_eq!(exact_code("provider_"), None);
    }
}
