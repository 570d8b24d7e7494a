//! Rules that are written down: who may sign in, by provider, domain and proof of the address.

use async_trait::async_trait;

use super::{Candidate, Rules, Verdict};
use crate::error::Refusal;

/// Who may sign in. The first rule that fits somebody decides.
///
/// Whom none fits is denied if any rule allows, and allowed if all of them deny: a list that names who may come in
/// keeps the others out, a list that names who may not lets them in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Admittance(pub Vec<Rule>);

/// One rule. Every condition that is set has to hold; a list holds if one of its entries does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rule {
    /// Whether those whom it fits may come in.
    pub allow: bool,
    /// Ids of providers; empty: any.
    pub providers: Vec<String>,
    /// Domains of the person's address, in lower case, compared whole; empty: any, also none.
    pub domains: Vec<String>,
    /// Whole addresses in normal form; empty: any, also none.
    pub addresses: Vec<String>,
    /// Whether the provider vouches for the address.
    pub email_verified: Option<bool>,
}

impl Rule {
    fn fits(&self, candidate: &Candidate) -> bool {
        let address = candidate.address.as_ref();
        let domain = address.and_then(|known| known.address.rsplit_once('@')).map(|(_, domain)| domain);
        // Who asks for a link will have proven the address when they come back, and is judged again then.
        let verified = address.is_some_and(|known| known.verified || candidate.verification_request);
        let one_of = |list: &[String], value: Option<&str>| {
            list.is_empty() || value.is_some_and(|value| list.iter().any(|entry| entry == value))
        };
        one_of(&self.providers, Some(candidate.provider()))
            && one_of(&self.domains, domain)
            && one_of(&self.addresses, address.map(|known| known.address.as_str()))
            && self.email_verified.is_none_or(|wanted| wanted == verified)
    }
}

impl Admittance {
    /// Whether somebody may come in.
    #[must_use]
    pub fn admits(&self, candidate: &Candidate) -> bool {
        match self.0.iter().find(|rule| rule.fits(candidate)) {
            Some(rule) => rule.allow,
            None => self.admits_others(),
        }
    }

    /// Whether those may come in whom no rule fits.
    #[must_use]
    pub fn admits_others(&self) -> bool {
        self.0.iter().all(|rule| !rule.allow)
    }
}

#[async_trait]
impl Rules for Admittance {
    async fn sign_in(&self, candidate: &Candidate) -> Result<Verdict, Refusal> {
        Ok(if self.admits(candidate) { Verdict::allow() } else { Verdict::Deny })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, json};

    use super::*;
    use crate::{policy::email, user::Address};

    fn candidate(provider: &str, address: Option<(&str, bool)>) -> Candidate {
        let account = Map::from_iter([("provider".to_owned(), json!(provider))]);
        let address = address.map(|(text, verified)| Address { address: text.to_owned(), verified });
        Candidate { account, address, ..Candidate::default() }
    }

    fn list(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    /// Google for everybody with a proven address at acme.example, links for one person, nobody else.
    fn company() -> Admittance {
        Admittance(vec![
            Rule { allow: false, addresses: list(&["mallory@acme.example"]), ..Rule::default() },
            Rule {
                allow: true,
                providers: list(&["google"]),
                domains: list(&["acme.example"]),
                email_verified: Some(true),
                ..Rule::default()
            },
            Rule {
                allow: true,
                providers: list(&["email"]),
                addresses: list(&["ada@home.example"]),
                ..Rule::default()
            },
        ])
    }

    #[test]
    fn c6_the_first_rule_that_fits_decides_and_a_list_of_allowed_keeps_the_others_out() {
        let rows = [
            ("google", Some(("ada@acme.example", true)), true),
            ("google", Some(("ada@acme.example", false)), false),
            ("google", Some(("mallory@acme.example", true)), false),
            ("google", Some(("ada@other.example", true)), false),
            ("google", None, false),
            ("github", Some(("ada@acme.example", true)), false),
            ("email", Some(("ada@home.example", false)), true),
            ("email", Some(("bob@home.example", false)), false),
        ];
        for (provider, address, admitted) in rows {
            assert_eq!(company().admits(&candidate(provider, address)), admitted, "{provider} {address:?}");
        }
    }

    #[test]
    fn a_list_of_those_denied_lets_the_others_in() {
        let denied = Admittance(vec![Rule { domains: list(&["spam.example"]), ..Rule::default() }]);
        assert!(!denied.admits(&candidate("google", Some(("a@spam.example", true)))));
        assert!(denied.admits(&candidate("google", Some(("a@acme.example", false)))));
        assert!(denied.admits(&candidate("google", None)));
        assert!(Admittance::default().admits(&candidate("google", None)));
    }

    #[test]
    fn c6_who_asks_for_a_link_is_judged_as_who_will_follow_it() {
        let asking =
            Candidate { verification_request: true, ..candidate("email", Some(("a@acme.example", false))) };
        let following = candidate("email", Some(("a@acme.example", true)));
        for (allow, email_verified) in [(true, true), (true, false), (false, true), (false, false)] {
            let rule = Rule { allow, email_verified: Some(email_verified), ..Rule::default() };
            let rules = Admittance(vec![rule]);
            assert_eq!(rules.admits(&following), allow == email_verified, "{allow} {email_verified}");
            assert_eq!(rules.admits(&asking), rules.admits(&following), "{allow} {email_verified}");
        }
    }

    #[test]
    fn lesson_74_no_spelling_of_another_address_passes_for_one_in_an_allowed_domain() {
        let spellings = [
            "evil@other.example@acme.example",
            "\"evil@other.example\"@acme.example",
            "evil@other.example,@acme.example",
            "evil@acme.example.other.example",
            "evil@sub.acme.example",
            "evil@notacme.example",
            "evil@acme.example@other.example",
            "evil\u{ff20}other.example@acme.example",
            "@acme.example",
            "acme.example",
            "evil@acme.example\r\n",
            "evil@ acme.example",
            "evil@acme.example.",
        ];
        for spelling in spellings {
            // As the flows do: what has no normal form is no address.
            let Some(address) = email::normalise(spelling) else { continue };
            let admitted = company().admits(&candidate("google", Some((&address, true))));
            assert_eq!(admitted, address == "evil@acme.example", "{spelling:?} became {address:?}");
        }
    }
}
