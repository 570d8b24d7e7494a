//! By what a person can come back: nobody takes away the last way in.

/// What the deployment lets people in by, today. An account at a provider that it no longer offers lets nobody in, nor
/// does a password where nothing asks for one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WaysIn {
    /// Sources ([`crate::user::AccountKey`]) whose accounts do.
    pub sources: Vec<String>,
    /// Whether a password kept here does.
    pub password: bool,
    /// Whether a link in a mail does.
    pub mail: bool,
    /// Whether a passkey does.
    pub passkey: bool,
}

/// What a person would be left with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Left<'a> {
    /// Sources of their accounts.
    pub sources: &'a [String],
    /// Whether they have a password here.
    pub password: bool,
    /// Whether they have proven their address: mail to another may reach somebody else.
    pub proven_address: bool,
    /// Whether they have a passkey.
    pub passkey: bool,
}

impl WaysIn {
    /// Whether somebody with no more than this can come back.
    #[must_use]
    pub fn let_in(&self, left: Left<'_>) -> bool {
        (self.password && left.password)
            || (self.passkey && left.passkey)
            || (self.mail && left.proven_address)
            || left.sources.iter().any(|source| self.sources.contains(source))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_counts_only_where_the_person_has_it_and_the_deployment_offers_it() {
        let [github, gone] = ["github", "gone"].map(|source| vec![source.to_owned()]);
        let offered = WaysIn { sources: github.clone(), password: true, mail: true, passkey: true };
        let nothing = Left::default();
        let (password, mail) = (Left { password: true, ..nothing }, Left { proven_address: true, ..nothing });
        let at = |sources| Left { sources, ..nothing };
        let table = [
            (&offered, nothing, false),
            (&offered, password, true),
            (&offered, mail, true),
            (&offered, Left { passkey: true, ..nothing }, true),
            (&WaysIn { passkey: false, ..offered.clone() }, Left { passkey: true, ..nothing }, false),
            (&offered, at(&github), true),
            (&offered, at(&gone), false),
            (&WaysIn { password: false, ..offered.clone() }, password, false),
            (&WaysIn { mail: false, ..offered.clone() }, mail, false),
            (&WaysIn { sources: Vec::new(), ..offered.clone() }, at(&github), false),
        ];
        for (ways, left, expected) in table {
            assert_eq!(ways.let_in(left), expected, "{ways:?} {left:?}");
        }
    }
}
