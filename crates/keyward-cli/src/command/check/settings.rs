//! The other settings, as `keyward check` tells of them: by their names in the file, with their defaults from its schema.

use schemars::schema_for;
use serde_json::Value;

use super::{Report, Row, row};
use crate::config::{File, Mode, Origin, Period, accounts};

impl Report<'_> {
    /// Every other table that matters to this deployment.
    pub(super) fn settings(&self) -> Vec<(&'static str, Vec<Row>)> {
        let d = self.deployment;
        let own_accounts = accounts(d).map(|_| self.whole("accounts"));
        let passkeys = if d.file.passkeys.enabled { self.whole("passkeys") } else { self.said("passkeys") };
        let mut tables = vec![
            ("Own accounts", own_accounts.unwrap_or_default()),
            ("Mails about accounts", self.mail()),
            ("Second factors", self.whole("factors")),
            ("Passkeys", passkeys),
            ("Tokens for programs", self.tokens()),
            ("Applications", self.clients()),
            ("Admin API", self.whole("admin")),
            ("Hooks", self.hooks()),
            ("Limits", self.whole("limits")),
            ("Audit trail", self.whole("audit")),
            ("Pages", self.said("pages")),
            ("Landing", self.said("landing")),
            ("Theme", self.said("theme")),
        ];
        tables.retain(|(_, rows)| !rows.is_empty());
        tables
    }

    /// What the file says in a table.
    fn said(&self, table: &str) -> Vec<Row> {
        let of_table = self.said.iter().filter_map(|(path, value)| {
            let name = path.strip_prefix(table)?.strip_prefix('.')?;
            Some(row(name, value, &self.deployment.origin(path)))
        });
        of_table.collect()
    }

    /// Every setting of a table, with its default where the file says nothing.
    pub(super) fn whole(&self, table: &str) -> Vec<Row> {
        let said = self.said(table);
        let is_of = |name: &str, key: &str| {
            name.strip_prefix(key).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        };
        let mut rows = Vec::new();
        for (key, default) in defaults(table) {
            let known = rows.len();
            rows.extend(said.iter().filter(|(name, ..)| is_of(name, &key)).cloned());
            if rows.len() == known {
                rows.extend(default.map(|default| row(&key, default, &Origin::Default)));
            }
        }
        rows
    }

    /// Which server sends, as whom, and whatever else is said.
    fn mail(&self) -> Vec<Row> {
        let d = self.deployment;
        let (server, from) = match &d.account_mail {
            Some(mail) => (mail.server.clone(), mail.from.clone()),
            None => (d.emails.first().and_then(|email| email.server.clone()), None),
        };
        let in_development = d.mode == Mode::Development;
        let mut rows = vec![match (server, &d.account_mail, d.emails.first()) {
            (Some((server, origin)), None, Some(email)) => {
                row("server", format!("{server}, that of {}", email.settings.id), &origin)
            }
            (Some((server, origin)), ..) => row("server", server, &origin),
            (None, ..) if in_development => {
                row("server", format!("none: kept at {}", self.public.route("-/mailbox")), &Origin::Default)
            }
            (None, ..) => row("server", "none: no address is proven, no password reset", &Origin::Default),
        }];
        rows.extend(from.map(|(from, origin)| row("from", from, &origin)));
        rows.extend(self.said("mail").into_iter().filter(|(name, ..)| name != "server" && name != "from"));
        if let Some(mail) = &d.account_mail {
            for (name, age) in
                [("verify_max_age", mail.settings.verify_age), ("reset_max_age", mail.settings.reset_age)]
            {
                if !rows.iter().any(|(known, ..)| known == name) {
                    rows.push(row(name, Period(age), &Origin::Default));
                }
            }
        }
        rows
    }

    /// Nothing without an audience: then the calls are not there.
    fn tokens(&self) -> Vec<Row> {
        let d = self.deployment;
        if d.file.tokens.audiences.is_empty() {
            return self.said("tokens");
        }
        let mut rows: Vec<_> = d
            .file
            .tokens
            .audiences
            .iter()
            .enumerate()
            .map(|(index, audience)| {
                let mut what = match audience.scopes.as_slice() {
                    [] => "no scopes".to_owned(),
                    scopes => format!("scopes {}", scopes.join(", ")),
                };
                if let Some(lifetime) = audience.lifetime {
                    what += &format!("; {lifetime}");
                }
                if audience.clients_only {
                    what += "; for applications alone";
                }
                let origin = d.origin(&format!("tokens.audiences[{index}]"));
                row("audience", format!("{}  {what}", audience.name), &origin)
            })
            .collect();
        rows.extend(self.whole("tokens").into_iter().filter(|(name, ..)| !name.starts_with("audiences")));
        rows
    }

    fn clients(&self) -> Vec<Row> {
        let listed = self.deployment.file.clients.iter().enumerate();
        listed
            .map(|(index, client)| {
                let named = |what: &str, names: &[String]| match names {
                    [] => String::new(),
                    names => format!("; {what} {}", names.join(", ")),
                };
                let audiences = named("tokens for", &client.audiences);
                let vouches = named("vouches for people of", &client.vouches_for);
                let what = format!("secret not shown{audiences}{vouches}");
                row(&client.id, what, &self.deployment.origin(&format!("clients[{index}]")))
            })
            .collect()
    }

    /// How they are asked; whom, stands among the rules.
    fn hooks(&self) -> Vec<Row> {
        let addresses = self.deployment.file.hooks.addresses();
        if addresses.iter().all(|(_, address)| address.is_none()) {
            return self.said("hooks");
        }
        let is_address = |name: &str| addresses.iter().any(|(known, _)| *known == name);
        self.whole("hooks").into_iter().filter(|(name, ..)| !is_address(name)).collect()
    }
}

/// Every setting of a table with the default that its documentation names.
fn defaults(table: &str) -> Vec<(String, Option<String>)> {
    let schema = schema_for!(File);
    let schema = schema.as_value();
    let place = schema["properties"][table]["$ref"].as_str().map(|place| place.trim_start_matches('#'));
    let properties = place.and_then(|place| schema.pointer(place)?["properties"].as_object());
    let all = properties.into_iter().flatten();
    all.map(|(key, setting)| (key.clone(), default_of(setting))).collect()
}

/// The words behind "Default:", in one line.
fn default_of(setting: &Value) -> Option<String> {
    let (_, default) = setting["description"].as_str()?.rsplit_once("Default: ")?;
    let words: Vec<_> = default.split_whitespace().collect();
    Some(words.join(" ").trim_end_matches('.').replace('`', ""))
}
